// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"sync"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/taskexec/taskexec/controllers"
)

// wire is a transport between an operator and the API server. It counts requests, lets a test hook into them, and holds
// back watch events. Then all caches are stale while everything else passes.
type wire struct {
	// before is called with each request before it is sent, and may block it. It may be nil.
	before func(*http.Request)

	mu sync.Mutex
	// sent counts requests with their answer, as "POST jobs 201", and those without, as "POST jobs failed". A dry run
	// counts as "TRY", a watch as "WATCH".
	sent map[string]int
	// passing has a channel for each resource. It is closed when the events of its watches may be read.
	passing map[string]chan struct{}
}

// operator runs an operator in a namespace behind this wire.
func (w *wire) operator(t *testing.T, namespace string, changes ...func(*controllers.Options)) (stop func()) {
	t.Helper()
	return operation{config: w.config(apiServer), namespace: namespace, changes: changes}.runs(t)
}

func (w *wire) config(to *rest.Config) *rest.Config {
	config := rest.CopyConfig(to)
	config.QPS = -1
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return wired{w, next} })
	return config
}

// stale holds back the watch events of these resources until fresh is called.
func (w *wire) stale(resources ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, resource := range resources {
		if w.held(resource) == nil {
			w.passing[resource] = make(chan struct{})
		}
	}
}

func (w *wire) fresh(resources ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, resource := range resources {
		if passing := w.held(resource); passing != nil {
			close(passing)
			delete(w.passing, resource)
		}
	}
}

// held returns a channel to wait for before reading more events of a resource, or nil.
func (w *wire) held(resource string) chan struct{} {
	if w.passing == nil {
		w.passing = map[string]chan struct{}{}
	}
	return w.passing[resource]
}

// count returns the number of requests whose name has a prefix.
func (w *wire) count(prefix string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, times := range w.sent {
		if strings.HasPrefix(name, prefix) {
			n += times
		}
	}
	return n
}

func (w *wire) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return fmt.Sprint(w.sent)
}

func (w *wire) note(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sent == nil {
		w.sent = map[string]int{}
	}
	w.sent[what]++
}

type wired struct {
	*wire
	next http.RoundTripper
}

// resourceOf returns the resource of a request: "jobs", or "pods/log".
func resourceOf(r *http.Request) string {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	for i, part := range parts {
		if part == "namespaces" && len(parts) > i+2 {
			if parts = parts[i+2:]; len(parts) == 3 {
				return parts[0] + "/" + parts[2]
			}
			return parts[0]
		}
	}
	return path.Base(r.URL.Path)
}

func (w wired) RoundTrip(r *http.Request) (*http.Response, error) {
	resource, watch := resourceOf(r), r.URL.Query().Get("watch") == "true"
	if w.before != nil {
		w.before(r)
	}
	method := r.Method
	switch {
	case watch:
		method = "WATCH"
	case r.URL.Query().Has("dryRun"):
		method = "TRY"
	}
	answer, err := w.next.RoundTrip(r)
	if err != nil {
		w.note(method + " " + resource + " failed")
		return nil, err
	}
	w.note(fmt.Sprintf("%s %s %d", method, resource, answer.StatusCode))
	if watch {
		answer.Body = &heldBody{ReadCloser: answer.Body, wire: w.wire, resource: resource, closed: make(chan struct{})}
	}
	return answer, nil
}

// heldBody is the body of a watch.
type heldBody struct {
	io.ReadCloser
	wire     *wire
	resource string
	once     sync.Once
	closed   chan struct{}
}

func (b *heldBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.wire.mu.Lock()
	passing := b.wire.held(b.resource)
	b.wire.mu.Unlock()
	if passing != nil {
		select {
		case <-passing:
		case <-b.closed:
		}
	}
	return n, err
}

func (b *heldBody) Close() error {
	b.once.Do(func() { close(b.closed) })
	return b.ReadCloser.Close()
}
