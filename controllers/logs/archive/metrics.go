// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import "github.com/prometheus/client_golang/prometheus"

// metrics are the metrics of the archive. No label is the name of an object.
type metrics struct {
	uploads *prometheus.CounterVec
	bytes   prometheus.Counter
	dropped *prometheus.CounterVec
	usable  prometheus.Gauge
}

func newMetrics(w *Writer, registry prometheus.Registerer) *metrics {
	m := &metrics{
		uploads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "taskexec_archive_requests_total",
			Help: "Requests to the archive's bucket, by outcome.",
		}, []string{"outcome"}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "taskexec_archive_uploaded_bytes_total",
			Help: "Bytes of logs written to the archive.",
		}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "taskexec_archive_dropped_lines_total",
			Help: "Lines that were read but not archived, by reason.",
		}, []string{"reason"}),
		usable: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "taskexec_archive_usable",
			Help: "Whether the archive's store has passed the check at start: 1 if it has, otherwise 0.",
		}),
	}
	if registry != nil {
		registry.MustRegister(m.uploads, m.bytes, m.dropped, m.usable, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "taskexec_archive_spooled_bytes",
			Help: "Bytes of logs on disk that wait to be archived (bound: --archive-spool-bytes).",
		}, func() float64 { return float64(w.spooled.sum()) }))
	}
	return m
}
