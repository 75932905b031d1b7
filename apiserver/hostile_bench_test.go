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

// BenchmarkBesideAHostileCaller measures the 99th percentile of a normal caller's waiting time: alone, and beside a
// caller without rights that holds 430 connections. On each of them, the hostile caller sends a body slowly and
// reconnects when it is refused. p99-ratio is the second value divided by the first. Short rounds of both alternate, so
// that other load on the machine affects both.
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

// benchRounds is the number of rounds, benchRequests the requests in each.
const benchRounds, benchRequests = 10, 500

// round measures requests. A quarter of them start a run as a dry run.
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

// hostile starts an attack and returns when each of its connections was opened once. stop ends the attack.
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

// comeAgain sends a body slowly, waits for the answer, and then pauses for up to five seconds.
func comeAgain(ctx context.Context, address string, sent func()) {
	defer sent() // even if the dial failed
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return
	}
	defer context.AfterFunc(ctx, func() { _ = connection.Close() })()
	defer func() { _ = connection.Close() }() // the result does not matter
	_, _ = fmt.Fprint(connection, "DELETE /tasks/executions/cancel/by-ids HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer mallory\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
	sent()
	if response, err := http.ReadResponse(bufio.NewReader(connection), nil); err == nil {
		_ = response.Body.Close() // the status does not matter
	}
	select {
	case <-ctx.Done():
	case <-time.After(rand.N(5 * time.Second)):
	}
}
