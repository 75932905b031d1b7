// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/taskexec/taskexec/apiserver/web"
)

// A host name that resolves to this machine must not reach a facade without authentication.
func TestOnlyLocalNames(t *testing.T) {
	s := &server{namespace: "default", stores: one{newFakeStore()}, metrics: web.NewMetrics()}
	o := DefaultOptions()
	o.Auth, o.BindAddress = AuthNone, "127.0.0.1:8080"
	api := s.handler(o)
	for host, want := range map[string]int{
		"127.0.0.1:8080":      http.StatusOK,
		"127.0.0.1":           http.StatusOK,
		"localhost:8080":      http.StatusOK,
		"[::1]:8080":          http.StatusOK,
		"evil.example:8080":   http.StatusMisdirectedRequest,
		"localhost.evil:8080": http.StatusMisdirectedRequest,
		"127.0.0.1.evil":      http.StatusMisdirectedRequest,
		"":                    http.StatusMisdirectedRequest,
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/tasks", nil)
		r.Host = host
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("Host: %s: %d, want %d", host, w.Code, want)
		}
	}
}

func TestOpenGate(t *testing.T) {
	o := DefaultOptions()
	o.Auth = AuthNone
	for address, works := range map[string]bool{":8080": false, "0.0.0.0:80": false, "127.0.0.1:8080": true, "[::1]:8080": true} {
		o.BindAddress = address
		g, err := openGate(nil, o)
		if (err == nil) != works || g != nil {
			t.Errorf("%s: %v %v", address, g, err)
		}
	}
	o.BindAddress, o.AllowUnauthenticated = ":8080", true
	if _, err := openGate(nil, o); err != nil {
		t.Error(err)
	}
	o.Auth = ""
	if _, err := openGate(nil, o); err == nil {
		t.Error("no way to know callers is taken for one")
	}
}
