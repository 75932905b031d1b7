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
// refused. The metric p99-ratio is the second divided by the first.
func BenchmarkBesideAHostileCaller(b *testing.B) {
	address := guarded(b, func(o *Options) { o.MaxWrites = 0 })
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}
	const requests = 2000
	p99 := func() time.Duration {
		took := make([]time.Duration, requests)
		for i := range took {
			begun := time.Now()
			method, path, body := "GET", "/tasks/sync", ""
			if i%4 == 0 {
				method, path, body = "POST", "/tasks/sync/execute/api", `{"params":{}}`
			}
			if status := asks(b, client, address, "ann", method, path, body); status != http.StatusOK {
				b.Fatalf("%s %s: %d", method, path, status)
			}
			took[i] = time.Since(begun)
		}
		slices.Sort(took)
		return took[requests*99/100]
	}
	for b.Loop() {
		p99() // warm
		alone := p99()
		ctx, stop := context.WithCancel(b.Context())
		var group sync.WaitGroup
		for range hostileConnections {
			group.Go(func() {
				for ctx.Err() == nil {
					comeAgain(ctx, address)
				}
			})
		}
		beside := p99()
		stop()
		group.Wait()
		b.ReportMetric(float64(beside)/float64(alone), "p99-ratio")
		b.ReportMetric(float64(alone.Microseconds()), "alone-µs")
		b.ReportMetric(float64(beside.Microseconds()), "beside-µs")
	}
}

// comeAgain sends a body slowly, waits for the answer and then for up to five seconds.
func comeAgain(ctx context.Context, address string) {
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return
	}
	defer context.AfterFunc(ctx, func() { _ = connection.Close() })()
	defer func() { _ = connection.Close() }() // nothing was asked for that matters
	_, _ = fmt.Fprint(connection, "DELETE /tasks/executions/cancel/by-ids HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer mallory\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
	if response, err := http.ReadResponse(bufio.NewReader(connection), nil); err == nil {
		_ = response.Body.Close() // its status is of no interest
	}
	select {
	case <-ctx.Done():
	case <-time.After(rand.N(5 * time.Second)):
	}
}
