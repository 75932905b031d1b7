// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/web"
)

const (
	clientTrace       = "4bf92f3577b34da6a3ce929d0e0e4736"
	clientTraceparent = "00-" + clientTrace + "-00f067aa0ba902b7-01"
)

// Without tracing in the facade, a client's valid trace still reaches the run, and nothing else in that header does.
func TestTraceOfAClient(t *testing.T) {
	for name, c := range map[string]struct{ header, want string }{
		"none":            {"", ""},
		"valid":           {clientTraceparent, clientTraceparent},
		"a later version": {"cc" + clientTraceparent[2:] + "-what-is-to-come", clientTraceparent},
		"no version":      {"ff" + clientTraceparent[2:], ""},
		"no trace id":     {"00-00000000000000000000000000000000-00f067aa0ba902b7-01", ""},
		"short":           {clientTraceparent[:40], ""},
		"long":            {clientTraceparent + strings.Repeat("a", 8000), ""},
		"words":           {"$(rm -rf /)", ""},
	} {
		t.Run(name, func(t *testing.T) {
			store := newFakeStore(fixture.Task("sync"))
			w := call(t, facade(store), "POST", "/tasks/sync/execute/api", "", "traceparent", c.header, "X-Request-Id", "req-1")
			if w.Code != 200 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			for _, e := range store.executions {
				if got := e.Annotations[v1alpha1.AnnotationTraceparent]; got != c.want {
					t.Errorf("the execution has %q, want %q", got, c.want)
				}
				if got := e.Annotations[v1alpha1.AnnotationRequestID]; got != "req-1" {
					t.Errorf("the execution has the request %q", got)
				}
			}
		})
	}
}

// With tracing, each request is a span in its client's trace. It is named after its route and is the parent of the
// run's span.
func TestSpans(t *testing.T) {
	exporter := tracetest.NewInMemoryExporter()
	o := DefaultOptions()
	o.Tracing = sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	log := &logged{}
	o.Log = log.logger()
	store := newFakeStore(fixture.Task("sync"))
	api := (&server{namespace: "default", stores: one{store}, metrics: web.NewMetrics(), logs: logs.NewReader(nil, nil, 100), timeout: time.Minute}).handler(o)

	w := call(t, api, "POST", "/tasks/sync/execute/api", "", "traceparent", clientTraceparent, "Authorization", "Bearer hunter2", submit.HeaderIdempotencyKey, "hunter3")
	spans := exporter.GetSpans()
	if w.Code != 200 || len(spans) != 1 {
		t.Fatalf("%d, %d spans", w.Code, len(spans))
	}
	span := spans[0]
	if span.Name != "POST /tasks/{taskName}/execute/api" || span.SpanContext.TraceID().String() != clientTrace || span.Parent.SpanID().String() != "00f067aa0ba902b7" {
		t.Errorf("the span is %q of trace %s under %s", span.Name, span.SpanContext.TraceID(), span.Parent.SpanID())
	}
	attributes := map[string]string{}
	for _, a := range span.Attributes {
		attributes[string(a.Key)] = a.Value.String()
	}
	if attributes["http.route"] != "/tasks/{taskName}/execute/api" || attributes["taskexec.request_id"] != w.Header().Get("X-Request-Id") || attributes["http.response.status_code"] != "200" {
		t.Errorf("the span says %v", attributes)
	}
	for key, value := range attributes {
		if strings.Contains(value, "hunter") {
			t.Errorf("the span has a secret in %s", key)
		}
	}
	want := "00-" + clientTrace + "-" + span.SpanContext.SpanID().String() + "-01"
	for _, e := range store.executions {
		if got := e.Annotations[v1alpha1.AnnotationTraceparent]; got != want {
			t.Errorf("the execution has %q, want %q", got, want)
		}
	}
	if !strings.Contains(log.String(), clientTrace) {
		t.Errorf("the log lacks the trace: %s", log)
	}

	exporter.Reset()
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		call(t, api, "GET", path, "")
	}
	if got := exporter.GetSpans(); len(got) != 0 {
		t.Errorf("the platform's requests made %d spans", len(got))
	}
	call(t, api, "GET", "/no/such/hunter2", "")
	if got := exporter.GetSpans(); len(got) != 1 || got[0].Name != "GET none" {
		t.Errorf("what is not there has the spans %v", got)
	}
}
