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

// wire is between an operator and the API server. It counts the requests, lets a test in between, and holds back what
// watches bring, so that all caches are stale while everything else goes through.
type wire struct {
	// before is called with each request on its way out, and may hold it; nil for none.
	before func(*http.Request)

	mu sync.Mutex
	// sent counts requests that were answered, as "POST jobs 201", and those that were not, as "POST jobs failed".
	// What is only tried is "TRY", and a watch is "WATCH".
	sent map[string]int
	// passing of a resource is closed when what its watches brought may be read.
	passing map[string]chan struct{}
}

// operator in a namespace behind this wire.
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

// stale holds back what watches of these resources bring, until fresh.
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

// held returns what to wait for before more of a resource may be read, nil for nothing.
func (w *wire) held(resource string) chan struct{} {
	if w.passing == nil {
		w.passing = map[string]chan struct{}{}
	}
	return w.passing[resource]
}

// count requests of which the name begins so.
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

// resourceOf a request: "jobs", or "pods/log".
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

// heldBody is what a watch brings.
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
