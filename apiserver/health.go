// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"

	"github.com/taskexec/taskexec/apiserver/web"
)

// healthz answers that the process is alive.
func (s *server) healthz(w http.ResponseWriter, _ *http.Request) error {
	return web.Reply(w, map[string]string{"status": "ok"})
}

// getMetrics answers with the metrics for Prometheus.
func (s *server) getMetrics(w http.ResponseWriter, r *http.Request) error {
	s.metrics.Handler().ServeHTTP(w, r)
	return nil
}

// readyz answers whether the facade is ready for requests.
func (s *server) readyz(w http.ResponseWriter, _ *http.Request) error {
	switch {
	case s.stopping.Load():
		return web.Unavailable("the facade is stopping")
	case !s.synced.Load():
		return web.Unavailable("the facade's cache is not ready")
	}
	return web.Reply(w, map[string]string{"status": "ready"})
}
