// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/openapi/conform"
)

// described checks every request and answer of the tests against the facade's description at /openapi.json. A call
// fails if its answer does not match. Mistakes in a stream are found when it is closed, and verdict returns them.
type described struct {
	mu       sync.Mutex
	checker  *conform.Checker
	mistakes []string
}

var traffic = &described{}

// load reads the description.
func (d *described) load() (*conform.Checker, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.checker != nil {
		return d.checker, nil
	}
	answer, err := http.Get(url + "/openapi.json")
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	document, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET /openapi.json: %d %s", answer.StatusCode, document)
	}
	d.checker, err = conform.New(document)
	return d.checker, err
}

// RoundTrip sends a request to the facade. After 503 it waits as long as Retry-After says and sends the request
// again. On a busy machine, the API server may need longer to check a token than the facade waits for it.
func (d *described) RoundTrip(r *http.Request) (*http.Response, error) {
	for {
		answer, err := d.exchange(r)
		if err != nil || answer.StatusCode != http.StatusServiceUnavailable {
			return answer, err
		}
		seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
		if err != nil {
			return answer, nil
		}
		answer.Body.Close()
		select {
		case <-r.Context().Done():
			return nil, fmt.Errorf("the facade was busy (503): %w", r.Context().Err())
		case <-time.After(time.Duration(seconds) * time.Second):
		}
		if r.GetBody != nil {
			r = r.Clone(r.Context())
			if r.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

// exchange sends one request and checks it and its answer against the description.
func (d *described) exchange(r *http.Request) (*http.Response, error) {
	checker, err := d.load()
	if err != nil {
		return nil, err
	}
	e := conform.Exchange{Request: r}
	if r.GetBody != nil {
		body, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		if e.RequestBody, err = io.ReadAll(body); err != nil {
			return nil, err
		}
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	e.Status, e.Header = answer.StatusCode, answer.Header
	if kind := answer.Header.Get("Content-Type"); strings.HasPrefix(kind, "text/") {
		e.Partial = true
		answer.Body = &watched{ReadCloser: answer.Body, described: d, checker: checker, exchange: e, keep: kind == "text/event-stream"}
		return answer, nil
	}
	defer answer.Body.Close()
	if e.Body, err = io.ReadAll(answer.Body); err != nil {
		return nil, err
	}
	if err := checker.Check(e); err != nil {
		return nil, fmt.Errorf("not as described: %w", err)
	}
	answer.Body = io.NopCloser(bytes.NewReader(e.Body))
	return answer, nil
}

// watched is the body of a stream, which is checked when it is closed.
type watched struct {
	io.ReadCloser
	*described
	checker  *conform.Checker
	exchange conform.Exchange
	// keep says whether the body is kept for the check. Plain text may be anything.
	keep bool
}

// keptStream is the most bytes of a stream that are checked.
const keptStream = 8 << 20

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if w.keep && len(w.exchange.Body) < keptStream {
		w.exchange.Body = append(w.exchange.Body, p[:n]...)
	}
	return n, err
}

func (w *watched) Close() error {
	if err := w.checker.Check(w.exchange); err != nil {
		w.mu.Lock()
		w.mistakes = append(w.mistakes, err.Error())
		w.mu.Unlock()
	}
	return w.ReadCloser.Close()
}

// verdict returns an error if a stream did not match the description.
func (d *described) verdict() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.mistakes) == 0 {
		return nil
	}
	return errors.New("answers that are not as described: " + strings.Join(d.mistakes, "; "))
}

// The deployed facade serves its description, and its page loads nothing from elsewhere.
func TestDescription(t *testing.T) {
	if _, err := traffic.load(); err != nil {
		t.Fatal(err)
	}
	r := call(t, "GET", "/docs", nil)
	if r.code != http.StatusOK || !bytes.Contains(r.body, []byte("executeTaskManually")) || bytes.Contains(r.body, []byte("<script")) {
		t.Errorf("/docs: %d, %d bytes", r.code, len(r.body))
	}
}

// The trace of a request reaches the Job and the program.
func TestTraceReachesTheProgram(t *testing.T) {
	t.Parallel()
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	name := given(t, taskOf(`echo "trace $TRACEPARENT"`))
	r := call(t, "POST", "/tasks/"+name+"/execute/api", nil, "traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
	if r.code != http.StatusOK {
		t.Fatal(r.text())
	}
	var started execution
	if err := json.Unmarshal(r.body, &started); err != nil {
		t.Fatal(err)
	}
	e := &v1alpha1.TaskExecution{}
	if err := kube.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: started.ExecutionID}, e); err != nil {
		t.Fatal(err)
	}
	carried := e.Annotations[v1alpha1.AnnotationTraceparent]
	if !strings.Contains(carried, trace) {
		t.Errorf("the execution is of trace %q", carried)
	}
	if got := polled(t, started.ExecutionID); got.Status != "completed" {
		t.Fatalf("it ended as %s", text(got))
	}
	printed(t, started.ExecutionID, "trace "+carried)
	for _, job := range jobsOf(t, string(e.UID)) {
		if got := job.Annotations[v1alpha1.AnnotationTraceparent]; got != carried {
			t.Errorf("the Job is of trace %q, want %q", got, carried)
		}
		if got := job.Spec.Template.Annotations[v1alpha1.AnnotationTraceparent]; got != carried {
			t.Errorf("its pods are of trace %q, want %q", got, carried)
		}
	}
}

// A trace annotation set with kubectl does not keep a run from completing, whatever its value is.
func TestHostileTrace(t *testing.T) {
	t.Parallel()
	name := given(t, taskOf(`echo "trace [$TRACEPARENT]"`))
	e := &v1alpha1.TaskExecution{ObjectMeta: objectMeta(name + "-hostile")}
	e.Annotations = map[string]string{v1alpha1.AnnotationTraceparent: "$(rm -rf /)\n" + strings.Repeat("00-", 20000)}
	e.Spec.TaskRef.Name = name
	if err := kube.Create(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if got := polled(t, e.Name); got.Status != "completed" {
		t.Fatalf("it ended as %s", text(got))
	}
	printed(t, e.Name, "trace []")
}
