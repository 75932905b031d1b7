// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package recorder

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/taskexec/taskexec/controllers/records"
)

type metrics struct {
	written, flushes *prometheus.CounterVec
	removed          prometheus.Counter
	expired, swept   *prometheus.GaugeVec
	owned            prometheus.Gauge
}

func newMetrics(w *records.Writer, registry prometheus.Registerer) *metrics {
	with := promauto.With(registry)
	with.NewGaugeFunc(prometheus.GaugeOpts{Name: "taskexec_archive_records_pending", Help: "Recorded runs that are not in the archive's history yet."},
		func() float64 { return float64(w.Pending()) })
	return &metrics{
		written: with.NewCounterVec(prometheus.CounterOpts{Name: "taskexec_archive_records_total", Help: "Attempts to write the record of an ended run, by outcome."}, []string{"outcome"}),
		flushes: with.NewCounterVec(prometheus.CounterOpts{Name: "taskexec_archive_history_writes_total", Help: "Attempts to write the archive's history, by outcome."}, []string{"outcome"}),
		removed: with.NewCounter(prometheus.CounterOpts{Name: "taskexec_archive_removed_runs_total", Help: "Runs that the archive's retention removed."}),
		expired: with.NewGaugeVec(prometheus.GaugeOpts{Name: "taskexec_archive_expired_runs", Help: "Runs beyond the archive's retention when it was last applied, by namespace."}, []string{"namespace"}),
		swept:   with.NewGaugeVec(prometheus.GaugeOpts{Name: "taskexec_archive_retention_applied_timestamp_seconds", Help: "When the archive's retention last began to be applied and then came to its end, in seconds since 1970, by namespace."}, []string{"namespace"}),
		owned:   with.NewGauge(prometheus.GaugeOpts{Name: "taskexec_archive_owned", Help: "1 while this controller may write records: no other cluster uses its identity."}),
	}
}

func (m *metrics) claimed(yes bool) {
	m.owned.Set(0)
	if yes {
		m.owned.Set(1)
	}
}
