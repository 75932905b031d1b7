// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package follow

import "github.com/prometheus/client_golang/prometheus"

// These are reasons for writing a tail.
const (
	causePhase = "phase"
	causeDue   = "due"
)

// metrics are the metrics of the follower. No label is the name of an object.
type metrics struct {
	flushes    *prometheus.CounterVec
	flushBytes *prometheus.CounterVec
	delay      prometheus.Histogram
	lines      prometheus.Counter
	bytes      prometheus.Counter
	gaps       *prometheus.CounterVec
}

func newMetrics(f *Follower, registry prometheus.Registerer) *metrics {
	m := &metrics{
		flushes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "taskexec_log_flushes_total",
			Help: "Writes of log tails to the API server, by cause: phase (with a change of phase) or due (new lines were due).",
		}, []string{"cause"}),
		flushBytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "taskexec_log_flush_bytes_total",
			Help: "Bytes of log tails written to the API server, by cause.",
		}, []string{"cause"}),
		delay: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "taskexec_log_flush_delay_seconds",
			Help:    "Seconds that a due tail waited for the shared budget (--log-flush-bytes-per-second).",
			Buckets: []float64{0.001, 0.1, 0.5, 1, 2, 5, 10, 30, 60},
		}),
		lines: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "taskexec_log_lines_total",
			Help: "Lines read from container logs.",
		}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "taskexec_log_bytes_total",
			Help: "Bytes read from container logs, without those that were read again.",
		}),
		gaps: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "taskexec_log_gaps_total",
			Help: "Places in logs where lines are or may be missing, by reason.",
		}, []string{"reason"}),
	}
	if registry == nil {
		return m
	}
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	registry.MustRegister(m.flushes, m.flushBytes, m.delay, m.lines, m.bytes, m.gaps,
		gauge("taskexec_log_streams", "Container logs that are being read or wait for their turn.",
			func() float64 { return float64(f.Streams()) }),
		gauge("taskexec_log_turns_held", "Container logs that are being read now.",
			func() float64 { return float64(f.Turns.Held()) }),
		gauge("taskexec_log_turns_waiting", "Container logs that wait for their turn.",
			func() float64 { return float64(f.Turns.Waiting()) }),
		gauge("taskexec_log_flush_interval_seconds", "Shortest time between two writes of one execution's tail, in seconds.",
			func() float64 { return f.Flush.Interval.Seconds() }),
		gauge("taskexec_log_flush_max_interval_seconds", "Longest time between two writes of one execution's tail, in seconds, without waiting for the budget.",
			func() float64 { return f.Flush.MaxInterval.Seconds() }),
		gauge("taskexec_log_flush_budget_bytes_per_second", "Budget for writing the tails of all executions, in bytes per second.",
			func() float64 { return float64(f.Flush.BytesPerSecond) }))
	return m
}

func (m *metrics) flushed(cause string, size int64) {
	m.flushes.WithLabelValues(cause).Inc()
	m.flushBytes.WithLabelValues(cause).Add(float64(size))
}
