// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/recorder"

	"github.com/taskexec/taskexec/controllers/backlog"
	"github.com/taskexec/taskexec/controllers/history"
	"github.com/taskexec/taskexec/controllers/jobseal"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/logs/follow"
	"github.com/taskexec/taskexec/controllers/logs/source"
	"github.com/taskexec/taskexec/controllers/logs/turns"
	"github.com/taskexec/taskexec/controllers/notes"
	"github.com/taskexec/taskexec/controllers/origin"
	"github.com/taskexec/taskexec/controllers/pastruns"
	"github.com/taskexec/taskexec/controllers/queue"
	"github.com/taskexec/taskexec/controllers/task"
	"github.com/taskexec/taskexec/controllers/taskexecution"
	"github.com/taskexec/taskexec/controllers/taskschedule"
)

// Options are the options of the operator's controllers.
type Options struct {
	// Concurrency is how many executions are reconciled at once.
	Concurrency int
	// StartTimeout is the limit for an execution whose Task does not exist.
	StartTimeout time.Duration
	// Namespaces are the namespaces to work in, as in CacheOptions. Empty means all.
	Namespaces []string
	// ClusterID identifies this cluster. Empty means the UID of its namespace kube-system. Runs that name that UID are of
	// this cluster in any case.
	ClusterID string
	// clusterUID is that UID, empty if it is not known. clusters are what identifies this cluster.
	clusterUID string
	clusters   []string
	// SystemNamespace has the ConfigMap with the controllers' public keys (package jobseal). Anybody who can write
	// ConfigMaps there can forge Jobs.
	SystemNamespace string
	// MaxRunning bounds the active executions in total and per namespace, and the waiting ones. Zero means no bound.
	MaxRunning queue.Limits
	// ImagePullGrace is how long an image may fail to be pulled.
	ImagePullGrace time.Duration
	// Language is the language of the lifecycle lines in logs.
	Language lifecycle.Language
	// KeepJob is how long to keep the Job and the pods of a run after its whole log was archived. KeepUnarchivedJob is
	// the same if the log was not archived. Zero means as long as the execution exists.
	KeepJob, KeepUnarchivedJob time.Duration
	// KeepRun is how long a finished run is kept at least, however few of them its Task keeps.
	KeepRun time.Duration
	// HistoryPace is the shortest time between two reconciles of all the runs of a Task.
	HistoryPace time.Duration
	// LogTurns bound how many container logs are followed at once.
	LogTurns turns.Limits
	// LogFlush says how often the tail of a log is written.
	LogFlush follow.FlushOptions
	// LogPatience is how long after the end of a run to wait for its log.
	LogPatience time.Duration
	// LogFileSize is the smallest containerLogMaxSize of the kubelets of all nodes.
	LogFileSize int64
	// LogSource opens container logs. Nil means the API server.
	LogSource source.Source
	// PastRuns has the records of ended runs, so that a copy of one does not run again. Nil means those of the archive.
	// Without an archive, copies are recognized by their creation time and by what the controller remembers.
	PastRuns pastruns.Archive
	// Archive configures the archive of raw logs. Without a URL there is none.
	Archive ArchiveOptions
	// Registry registers the metrics. Nil means the registry that the manager serves.
	Registry prometheus.Registerer
}

// DefaultOptions returns the defaults of the flags of cmd/controller.
func DefaultOptions() Options {
	return Options{
		Concurrency:       8,
		StartTimeout:      5 * time.Minute,
		ImagePullGrace:    time.Minute,
		Language:          lifecycle.Chinese,
		KeepJob:           time.Minute,
		KeepUnarchivedJob: time.Hour,
		KeepRun:           10 * time.Minute,
		MaxRunning:        queue.Limits{Waiting: backlog.DefaultLimits},
		HistoryPace:       3 * time.Second,
		LogTurns:          turns.Limits{Total: 500, Turn: 5 * time.Second},
		LogFlush:          follow.FlushOptions{Interval: time.Second, MaxInterval: 3 * time.Second, BytesPerSecond: 1 << 20},
		LogPatience:       30 * time.Second,
		LogFileSize:       10 << 20,
		SystemNamespace:   metav1.NamespaceDefault,
		Archive:           defaultArchive(),
	}
}

// Setup adds the controllers to the manager.
func Setup(mgr ctrl.Manager, o Options) error {
	if err := o.complete(mgr); err != nil {
		return err
	}
	wake, ledger := taskexecution.NewWake(), queue.NewLedger(o.MaxRunning)
	archived, err := openArchive(mgr, o, wake.Execution)
	if err != nil {
		return err
	}
	past, err := setupPastRuns(mgr, o, archived)
	if err != nil {
		return err
	}
	follower, err := setupLogs(mgr, o, archived)
	if err != nil {
		return err
	}
	seals, err := jobseal.New(mgr.GetClient(), mgr.GetAPIReader(), clock.RealClock{}, o.SystemNamespace)
	if err != nil {
		return err
	}
	origins := origin.NewChecker(mgr.GetAPIReader(), clock.RealClock{})
	events := notes.Bounded(mgr.GetEventRecorder("taskexec"), clock.RealClock{}, o.Registry)
	executions := &taskexecution.Reconciler{
		Client:   mgr.GetClient(),
		Live:     mgr.GetAPIReader(),
		Recorder: events,
		Follower: follower,
		Metrics:  taskexecution.NewMetrics(o.Registry, ledger),
		Seals:    seals,
		Origin:   origins,
		Clock:    clock.RealClock{},
		Queue:    ledger,
		Past:     past,
		Options: lifecycle.Options{
			StartTimeout: o.StartTimeout, ImagePullGrace: o.ImagePullGrace, Language: o.Language,
			KeepJob: o.KeepJob, KeepUnarchivedJob: o.KeepUnarchivedJob, Clusters: o.clusters,
		},
		Namespaces: o.Namespaces,
	}
	if err := executions.SetupWithManager(mgr, o.Concurrency, wake); err != nil {
		return fmt.Errorf("setting up the executions' controller: %w", err)
	}
	return errors.Join(setupTasks(mgr, o, archived), setupRecorder(mgr, o, archived), setupSchedules(mgr, o, origins, ledger, events, past))
}

// complete fills in what was left out: the registry, the source of logs, and the identity of the cluster.
func (o *Options) complete(mgr ctrl.Manager) (err error) {
	if o.Registry == nil {
		o.Registry = metrics.Registry
	}
	if o.LogSource == nil {
		clientset, err := kubernetes.NewForConfig(mgr.GetConfig())
		if err != nil {
			return fmt.Errorf("making the client that reads logs: %w", err)
		}
		o.LogSource = source.NewKube(clientset)
	}
	o.clusterUID, err = clusterIdentity(context.Background(), mgr.GetAPIReader())
	o.ClusterID = cmp.Or(o.ClusterID, o.clusterUID)
	for _, id := range []string{o.ClusterID, o.clusterUID} {
		if id != "" && !slices.Contains(o.clusters, id) {
			o.clusters = append(o.clusters, id)
		}
	}
	return err
}

func setupTasks(mgr ctrl.Manager, o Options, archived *archived) error {
	if err := (&task.Reconciler{Client: mgr.GetClient()}).SetupWithManager(mgr); err != nil {
		return fmt.Errorf("setting up the tasks' controller: %w", err)
	}
	if err := (&task.ChangeReconciler{Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Clock: clock.RealClock{}, Cluster: o.ClusterID}).SetupWithManager(mgr); err != nil {
		return fmt.Errorf("setting up the controller of runs on change: %w", err)
	}
	runs := &history.Reconciler{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Clock: clock.RealClock{}, Pace: o.HistoryPace, KeepAtLeast: o.KeepRun,
	}
	if archived.ledger != nil {
		runs.Archived = archived.ledger
	}
	if err := runs.SetupWithManager(mgr); err != nil {
		return fmt.Errorf("setting up the history's controller: %w", err)
	}
	return nil
}

func setupSchedules(mgr ctrl.Manager, o Options, origins *origin.Checker, ledger *queue.Ledger, events recorder.EventRecorder, past *pastruns.Runs) error {
	schedules := &taskschedule.Reconciler{
		Client:      mgr.GetClient(),
		Live:        mgr.GetAPIReader(),
		Recorder:    events,
		Clock:       clock.RealClock{},
		Origin:      origins,
		BacklogFull: ledger.BacklogFull,
		Past:        past,
		Cluster:     o.ClusterID,
	}
	if err := schedules.SetupWithManager(mgr, o.Concurrency); err != nil {
		return fmt.Errorf("setting up the schedules' controller: %w", err)
	}
	return nil
}
