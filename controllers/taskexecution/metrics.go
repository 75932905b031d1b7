package taskexecution

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Metrics of the executions. Labels come from bounded sets: a phase, a reason, a source; never a name.
type Metrics struct {
	ended    *prometheus.CounterVec
	duration *prometheus.HistogramVec
	waiting  prometheus.Histogram
}

// NewMetrics makes the metrics and registers them.
func NewMetrics(registry prometheus.Registerer) *Metrics {
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
	}
	registry.MustRegister(m.ended, m.duration, m.waiting)
	return m
}

// finished counts an execution when its terminal phase was written.
func (m *Metrics) finished(execution *v1alpha1.TaskExecution) {
	status := &execution.Status
	m.ended.WithLabelValues(string(status.Phase), status.Reason, string(execution.Spec.Trigger.Source)).Inc()
	if status.StartTime == nil {
		return
	}
	m.duration.WithLabelValues(string(status.Phase)).Observe(status.CompletionTime.Sub(status.StartTime.Time).Seconds())
	m.waiting.Observe(max(0, status.StartTime.Sub(execution.CreationTimestamp.Time).Seconds()))
}
