// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package buckettest provides object stores for tests.
package buckettest

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	_ "github.com/taskexec/taskexec/controllers/bucket/cloud" // s3://
)

// S3 returns the URL of a bucket on an in-memory S3 server that runs until the test ends. Requests pass through
// between.
func S3(t testing.TB, between func(store http.Handler) http.Handler) (url string) {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("logs"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(between(gofakes3.New(backend).Server()))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	return "s3://logs?region=us-east-1&use_path_style=true&endpoint=" + server.URL
}

// S3ThatGoes returns the URL of a bucket that answers each request with 503 while away is true.
func S3ThatGoes(t testing.TB) (url string, away *atomic.Bool) {
	t.Helper()
	away = &atomic.Bool{}
	return S3(t, func(store http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if away.Load() {
				http.Error(w, "the store is away", http.StatusServiceUnavailable)
				return
			}
			store.ServeHTTP(w, r)
		})
	}), away
}

// S3UntilRequest returns the URL of a bucket that answers that many requests and then refuses each, in a way that no driver retries.
// all opens it for good.
func S3UntilRequest(t testing.TB, n int64) (url string, all func()) {
	t.Helper()
	var left atomic.Int64
	left.Store(n)
	var open atomic.Bool
	url = S3(t, func(store http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if left.Add(-1) < 0 && !open.Load() {
				http.Error(w, "no more", http.StatusForbidden)
				return
			}
			store.ServeHTTP(w, r)
		})
	})
	return url, func() { open.Store(true) }
}
