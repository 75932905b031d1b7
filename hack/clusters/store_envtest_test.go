// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package clusters

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	_ "github.com/taskexec/taskexec/controllers/bucket/cloud" // s3://
)

// store is an S3 server in memory with one bucket, which all clusters share.
type store struct {
	http.Handler
	// ahead is how far its clock is ahead, in nanoseconds.
	ahead atomic.Int64
}

func newStore(t *testing.T) *store {
	t.Helper()
	s := &store{}
	backend := s3mem.New(s3mem.WithTimeSource(s))
	if err := backend.CreateBucket("logs"); err != nil {
		t.Fatal(err)
	}
	s.Handler = gofakes3.New(backend, gofakes3.WithTimeSource(s), gofakes3.WithTimeSkewLimit(0)).Server()
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	return s
}

// Now is the store's time.
func (s *store) Now() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }

// Since is the time since then by the store's clock.
func (s *store) Since(t time.Time) time.Duration { return s.Now().Sub(t) }

// door is the way of one program to the store.
type door struct {
	url string
	// status is what is answered instead of letting a request pass, 0 while the door is open. Clients try again after a 503, and
	// not after a 403.
	status atomic.Int32
}

// door returns a new way to the store.
func (s *store) door(t *testing.T) *door {
	t.Helper()
	d := &door{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status := d.status.Load(); status != 0 {
			http.Error(w, "the store is away", int(status))
			return
		}
		s.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	d.url = "s3://logs?region=us-east-1&use_path_style=true&endpoint=" + server.URL
	return d
}
