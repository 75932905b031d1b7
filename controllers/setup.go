package controllers

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/logs/follow"
	"github.com/taskexec/taskexec/controllers/task"
	"github.com/taskexec/taskexec/controllers/taskexecution"
)

// Options of the operator's controllers.
type Options struct {
	// Concurrency is how many executions are reconciled at once.
	Concurrency int
	// StartTimeout for an execution whose Task does not exist.
	StartTimeout time.Duration
	// Language of the lifecycle entries in logs.
	Language lifecycle.Language
	// MaxLogStreams is how many container logs are followed at once.
	MaxLogStreams int
	// LogFlushInterval is the time between two writes of one execution's log while it runs.
	LogFlushInterval time.Duration
	// LogPatience is how long after the end of a run its log is still waited for.
	LogPatience time.Duration
	// LogSource gives container logs; nil means the API server.
	LogSource follow.Source
	// Registry takes the metrics; nil means the one that the manager serves.
	Registry prometheus.Registerer
}

// DefaultOptions are what the flags of cmd/controller begin with.
func DefaultOptions() Options {
	return Options{
		Concurrency:      8,
		StartTimeout:     5 * time.Minute,
		Language:         lifecycle.Chinese,
		MaxLogStreams:    500,
		LogFlushInterval: time.Second,
		LogPatience:      30 * time.Second,
	}
}

// CacheOptions say what the manager's caches hold: of Jobs and pods only ours, of executions all but their
// logs. An empty namespace means all.
func CacheOptions(namespace string) (cache.Options, error) {
	ours, err := labels.NewRequirement(v1alpha1.LabelExecutionUID, selection.Exists, nil)
	if err != nil {
		return cache.Options{}, fmt.Errorf("selecting what is ours: %w", err)
	}
	mine := cache.ByObject{Label: labels.NewSelector().Add(*ours)}
	options := cache.Options{
		DefaultTransform: cache.TransformStripManagedFields(),
		ByObject: map[client.Object]cache.ByObject{
			&batchv1.Job{}:            mine,
			&corev1.Pod{}:             mine,
			&v1alpha1.TaskExecution{}: {Transform: withoutLogs},
		},
	}
	if namespace != "" {
		options.DefaultNamespaces = map[string]cache.Config{namespace: {}}
	}
	return options, nil
}

// withoutLogs keeps the bulk of an execution out of memory: nothing is decided by its logs.
func withoutLogs(object any) (any, error) {
	if execution, ok := object.(*v1alpha1.TaskExecution); ok {
		execution.Status.Logs = nil
		execution.ManagedFields = nil
		delete(execution.Annotations, lastApplied)
	}
	return object, nil
}

// lastApplied is kubectl's copy of the whole manifest.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// Setup adds the controllers to the manager.
func Setup(mgr ctrl.Manager, o Options) error {
	if o.Registry == nil {
		o.Registry = metrics.Registry
	}
	if o.LogSource == nil {
		clientset, err := kubernetes.NewForConfig(mgr.GetConfig())
		if err != nil {
			return fmt.Errorf("making the client that reads logs: %w", err)
		}
		o.LogSource = follow.NewKubeSource(clientset)
	}
	wake := taskexecution.NewWake()
	follower := follow.New(follow.Options{
		Source:        o.LogSource,
		MaxStreams:    o.MaxLogStreams,
		FlushInterval: o.LogFlushInterval,
		Patience:      o.LogPatience,
		Reconnect:     follow.DefaultReconnect(),
		Notify:        wake.Execution,
		Clock:         clock.RealClock{},
	})
	if err := mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
		<-ctx.Done()
		follower.Stop()
		return nil
	})); err != nil {
		return fmt.Errorf("adding the log follower: %w", err)
	}
	executions := &taskexecution.Reconciler{
		Client:   mgr.GetClient(),
		Live:     mgr.GetAPIReader(),
		Recorder: mgr.GetEventRecorder("taskexec"),
		Follower: follower,
		Metrics:  taskexecution.NewMetrics(o.Registry, follower.Streams),
		Clock:    clock.RealClock{},
		Options:  lifecycle.Options{StartTimeout: o.StartTimeout, Language: o.Language},
	}
	if err := executions.SetupWithManager(mgr, o.Concurrency, wake); err != nil {
		return fmt.Errorf("setting up the executions' controller: %w", err)
	}
	if err := (&task.Reconciler{Client: mgr.GetClient()}).SetupWithManager(mgr); err != nil {
		return fmt.Errorf("setting up the tasks' controller: %w", err)
	}
	return nil
}
