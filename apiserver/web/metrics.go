// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts requests. Labels come from bounded sets: routes, methods and status codes.
type Metrics struct {
	registry *prometheus.Registry
	seconds  *prometheus.HistogramVec
	bytes    *prometheus.HistogramVec
	// Streams counts open streams and waiting requests.
	Streams  prometheus.Gauge
	InFlight prometheus.Gauge
	limited  *prometheus.CounterVec
}

// NewMetrics returns metrics with a registry of their own.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "taskexec_http_request_duration_seconds",
			Help:    "Duration of requests in seconds, by method, route and status code.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"method", "route", "code"}),
		bytes: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "taskexec_http_response_size_bytes",
			Help:    "Size of response bodies in bytes, by method and route.",
			Buckets: prometheus.ExponentialBuckets(256, 8, 7), // to 64 MiB
		}, []string{"method", "route"}),
		Streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "taskexec_http_streams_open",
			Help: "Open streams and waiting requests, by route.",
		}),
		InFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "taskexec_http_requests_in_flight",
			Help: "Requests being served, without streams and waiting requests.",
		}),
		limited: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "taskexec_http_requests_limited_total",
			Help: "Requests rejected by a limit: reads, writes, failures (to authenticate), inFlight, or the share of one caller in these.",
		}, []string{"limit"}),
	}
	m.registry.MustRegister(m.seconds, m.bytes, m.Streams, m.InFlight, m.limited,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *Metrics) observe(method, route string, status int, took time.Duration, size int) {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete:
	default:
		method = "other" // a client may send any word
	}
	m.seconds.WithLabelValues(method, route, strconv.Itoa(status)).Observe(took.Seconds())
	m.bytes.WithLabelValues(method, route).Observe(float64(size))
}

// CountLasting counts the open requests of a route that may last.
func (m *Metrics) CountLasting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.Streams.Inc()
		defer m.Streams.Dec()
		next.ServeHTTP(w, r)
	})
}

// Limit counts a request that a limit rejected.
func (m *Metrics) Limit(name string) { m.limited.WithLabelValues(name).Inc() }

// Register adds collectors to the metrics.
func (m *Metrics) Register(collectors ...prometheus.Collector) {
	m.registry.MustRegister(collectors...)
}

// Handler serves the metrics to Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
