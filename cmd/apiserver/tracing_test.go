// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestTracingIsOffUnlessAskedFor(t *testing.T) {
	for name, variables := range map[string]map[string]string{
		"nothing is set": {},
		"none":           {"OTEL_TRACES_EXPORTER": "none"},
		"disabled":       {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, variable := range append(tracingVariables, "OTEL_SDK_DISABLED") {
				t.Setenv(variable, variables[variable])
			}
			provider, stop, err := tracing(t.Context())
			stop()
			if provider != nil || err != nil {
				t.Errorf("%v, %v", provider, err)
			}
		})
	}
	t.Setenv("OTEL_TRACES_EXPORTER", "carrier-pigeon")
	if _, _, err := tracing(t.Context()); err == nil {
		t.Error("an exporter that does not exist is taken")
	}
}

// A collector receives the spans over OTLP, including those at shutdown.
func TestTracingExports(t *testing.T) {
	sent := make(chan int, 10)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/v1/traces" {
			sent <- len(body)
		}
	}))
	defer collector.Close()
	t.Setenv("OTEL_TRACES_EXPORTER", "")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	provider, stop, err := tracing(t.Context())
	if err != nil || provider == nil {
		t.Fatal(provider, err)
	}
	_, span := provider.Tracer("test").Start(t.Context(), "one")
	span.End()
	stop()
	select {
	case n := <-sent:
		if n == 0 {
			t.Error("an empty export")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("nothing reached the collector")
	}
}
