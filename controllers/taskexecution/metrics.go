// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskexecution

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/backlog"
	"github.com/taskexec/taskexec/controllers/queue"
)

// Metrics are the metrics of executions. Labels come from bounded sets (a phase, a reason, a source), never from names.
type Metrics struct {
	ended    *prometheus.CounterVec
	duration *prometheus.HistogramVec
	waiting  prometheus.Histogram
	full     *prometheus.CounterVec
}

// NewMetrics registers the metrics and returns them. The ledger counts the waiting executions.
func NewMetrics(registry prometheus.Registerer, ledger *queue.Ledger) *Metrics {
	m := &Metrics{
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "taskexec_executions_finished_total",
			Help: "Executions that ended, by phase, reason and trigger source.",
		}, []string{"phase", "reason", "source"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "taskexec_execution_duration_seconds",
			Help:    "Seconds from the start of the first container to the end of the run, by phase.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 15),
		}, []string{"phase"}),
		waiting: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "taskexec_execution_start_delay_seconds",
			Help:    "Seconds from the creation of the execution to the start of its first container.",
			Buckets: prometheus.ExponentialBuckets(0.25, 2, 12),
		}),
		full: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "taskexec_executions_refused_to_wait_total",
			Help: "Executions that failed because their namespace had no room for one more that waits, by bound: runs or bytes.",
		}, []string{"bound"}),
	}
	registry.MustRegister(m.ended, m.duration, m.waiting, m.full)
	registerWaiting(registry, ledger)
	return m
}

// registerWaiting registers the gauges of waiting executions. The namespace is not a label, because anybody may create
// namespaces. The gauges of the fullest namespace show how near the limits are.
func registerWaiting(registry prometheus.Registerer, ledger *queue.Ledger) {
	for _, g := range []struct {
		name, help string
		value      func(all, most backlog.Held) float64
	}{
		{
			"taskexec_executions_waiting", "Executions that wait for their Job, in all namespaces.",
			func(all, _ backlog.Held) float64 { return float64(all.Runs) },
		},
		{
			"taskexec_executions_waiting_bytes", "Bytes of the executions that wait for their Job, in all namespaces.",
			func(all, _ backlog.Held) float64 { return float64(all.Bytes) },
		},
		{
			"taskexec_executions_waiting_most", "Executions that wait for their Job in the namespace that has most of them; --max-waiting-per-namespace is the limit.",
			func(_, most backlog.Held) float64 { return float64(most.Runs) },
		},
		{
			"taskexec_executions_waiting_bytes_most", "Bytes of the executions that wait for their Job in the namespace that has most bytes; --max-waiting-bytes-per-namespace is the limit.",
			func(_, most backlog.Held) float64 { return float64(most.Bytes) },
		},
	} {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: g.name, Help: g.help}, func() float64 { return g.value(ledger.Held()) }))
	}
}

// refused counts an execution that had no room to wait.
func (m *Metrics) refused(bound backlog.Bound) { m.full.WithLabelValues(string(bound)).Inc() }

// finished counts an execution after its terminal phase was written.
func (m *Metrics) finished(execution *v1alpha1.TaskExecution) {
	status := &execution.Status
	m.ended.WithLabelValues(string(status.Phase), status.Reason, string(execution.Spec.Trigger.Source)).Inc()
	if status.StartTime == nil {
		return
	}
	m.duration.WithLabelValues(string(status.Phase)).Observe(status.CompletionTime.Sub(status.StartTime.Time).Seconds())
	m.waiting.Observe(max(0, status.StartTime.Sub(execution.CreationTimestamp.Time).Seconds()))
}
