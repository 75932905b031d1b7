// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// BenchmarkBesideAHostileCaller measures what a normal caller waits at most in 99 of 100 requests, alone and beside one
// without rights that holds 430 connections, on each of which it sends a body slowly and comes again when it is
// refused. The metric p99-ratio is the second divided by the first. Both are measured in turn, in many short rounds, so
// that what else the machine does meanwhile falls on both.
func BenchmarkBesideAHostileCaller(b *testing.B) {
	address, api := guardedHandler(b, func(o *Options) { o.MaxWrites = 0 })
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}
	for name, ask := range map[string]func(method, path, body string) int{
		"loopback":   func(method, path, body string) int { return asks(b, client, address, "ann", method, path, body) },
		"in-process": func(method, path, body string) int { return call(b, api, method, path, body, bearing("ann")...).Code },
	} {
		b.Run(name, func(b *testing.B) {
			var alone, beside []time.Duration
			for b.Loop() {
				for range benchRounds {
					alone = append(alone, round(b, ask)...)
					stop := hostile(b, address)
					beside = append(beside, round(b, ask)...)
					stop()
				}
			}
			b.ReportMetric(float64(p99(beside))/float64(p99(alone)), "p99-ratio")
			b.ReportMetric(float64(p99(alone).Microseconds()), "alone-µs")
			b.ReportMetric(float64(p99(beside).Microseconds()), "beside-µs")
		})
	}
}

// benchRounds of so many requests each.
const benchRounds, benchRequests = 10, 500

// round measures some requests, a quarter of which start a run.
func round(b *testing.B, ask func(method, path, body string) int) (took []time.Duration) {
	b.Helper()
	for i := range benchRequests {
		begun := time.Now()
		method, path, body := "GET", "/tasks/sync", ""
		if i%4 == 0 {
			method, path, body = "POST", "/tasks/sync/execute/api?dryRun=true", `{"params":{}}`
		}
		if status := ask(method, path, body); status != http.StatusOK {
			b.Fatalf("%s %s: %d", method, path, status)
		}
		took = append(took, time.Since(begun))
	}
	return took
}

func p99(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)*99/100]
}

// hostile attacks until it is told to stop. It returns when each of its connections was opened once.
func hostile(b *testing.B, address string) (stop func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	var group, opened sync.WaitGroup
	opened.Add(hostileConnections)
	for range hostileConnections {
		group.Go(func() {
			comeAgain(ctx, address, sync.OnceFunc(opened.Done))
			for ctx.Err() == nil {
				comeAgain(ctx, address, func() {})
			}
		})
	}
	opened.Wait()
	return func() {
		cancel()
		group.Wait()
	}
}

// comeAgain sends a body slowly, waits for the answer and then for up to five seconds.
func comeAgain(ctx context.Context, address string, sent func()) {
	defer sent() // also when it could not
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return
	}
	defer context.AfterFunc(ctx, func() { _ = connection.Close() })()
	defer func() { _ = connection.Close() }() // nothing was asked for that matters
	_, _ = fmt.Fprint(connection, "DELETE /tasks/executions/cancel/by-ids HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer mallory\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
	sent()
	if response, err := http.ReadResponse(bufio.NewReader(connection), nil); err == nil {
		_ = response.Body.Close() // its status is of no interest
	}
	select {
	case <-ctx.Done():
	case <-time.After(rand.N(5 * time.Second)):
	}
}
