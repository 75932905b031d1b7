// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package recorder

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/records"
)

const (
	// storeTime bounds the requests to the store of one reconcile.
	storeTime = time.Minute
	// busyRetry is the delay before a run is tried again when too many records wait for the store.
	busyRetry = 15 * time.Second
)

// Reconciler records ended runs.
type Reconciler struct {
	// client reads from the watch caches. live reads what the caches drop: params, labels and logs.
	client client.Client
	live   client.Reader
	writer *records.Writer
	ledger *Ledger
	// logs removes the logs of runs that are forgotten.
	logs    *archive.Reader
	options Options

	definitions *definitions
	metrics     *metrics
	// claimed is true while the store is this cluster's to write to.
	claimed atomic.Bool
}

// Options are the options of a Reconciler.
type Options struct {
	// ClusterUID is the UID of the namespace kube-system, empty if it is not known.
	ClusterUID string
	// Flush is the time between two writes of the history.
	Flush time.Duration
	// Forget means that a run that is deleted, except by its retention, is also removed from the archive.
	Forget bool
	// Retention is the archive's.
	Retention Retention
	Registry  prometheus.Registerer
}

// New returns a Reconciler.
func New(cached client.Client, live client.Reader, w *records.Writer, l *Ledger, logs *archive.Reader, o Options) *Reconciler {
	return &Reconciler{client: cached, live: live, writer: w, ledger: l, logs: logs, options: o, definitions: newDefinitions(), metrics: newMetrics(w, o.Registry)}
}

// Reconcile records one run, if it has ended and its log is final.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	execution := &v1alpha1.TaskExecution{}
	if err := r.client.Get(ctx, req.NamespacedName, execution); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	forget := execution.Annotations[v1alpha1.AnnotationForget] == "true"
	if !lifecycle.LogIsFinal(execution) || r.ledger.recorded(execution.UID) && !forget {
		return ctrl.Result{}, nil
	}
	if !r.claimed.Load() {
		return ctrl.Result{RequeueAfter: busyRetry}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	if forget {
		return ctrl.Result{}, r.forgetAndDelete(ctx, execution)
	}
	if err := r.learn(ctx, execution); err != nil {
		return ctrl.Result{}, err
	}
	if r.ledger.recorded(execution.UID) {
		return ctrl.Result{}, nil
	}
	err := r.record(ctx, req.NamespacedName, execution.UID)
	if errors.Is(err, records.ErrBusy) {
		return ctrl.Result{RequeueAfter: busyRetry}, nil
	}
	return ctrl.Result{}, err
}

// record writes the record of a run as the API server has it.
func (r *Reconciler) record(ctx context.Context, key types.NamespacedName, uid types.UID) error {
	whole := &v1alpha1.TaskExecution{}
	if err := r.live.Get(ctx, key, whole); err != nil {
		return client.IgnoreNotFound(err)
	}
	if whole.UID != uid {
		return nil
	}
	if err := r.writer.Put(ctx, whole, r.definitions.of(whole)); err != nil {
		r.metrics.written.WithLabelValues("failed").Inc()
		return fmt.Errorf("recording execution %s in the archive: %w", key, err)
	}
	r.metrics.written.WithLabelValues("succeeded").Inc()
	r.ledger.wrote(uid)
	ctrl.LoggerFrom(ctx).V(1).Info("Recorded the run in the archive")
	return nil
}

// learn reads the history of the day on which a run was created, once, to know which runs an earlier controller recorded.
func (r *Reconciler) learn(ctx context.Context, e *v1alpha1.TaskExecution) error {
	at := day{e.Namespace, records.Day(e.CreationTimestamp.Time)}
	if r.ledger.read(at) {
		return nil
	}
	var known []types.UID
	err := r.writer.Indexed(ctx, e.Namespace, at.begins, func(name string, uid types.UID) {
		there := &v1alpha1.TaskExecution{}
		if r.client.Get(ctx, types.NamespacedName{Namespace: e.Namespace, Name: name}, there) == nil && there.UID == uid {
			known = append(known, uid)
		}
	})
	if err != nil {
		return fmt.Errorf("reading which executions of namespace %s are in the archive's history: %w", e.Namespace, err)
	}
	r.ledger.learn(at, known)
	return nil
}

// deleted is called when a run is deleted.
func (r *Reconciler) deleted(e *v1alpha1.TaskExecution) {
	if cleanedUp := r.ledger.gone(e.UID); cleanedUp || !r.options.Forget {
		return
	}
	r.forgetLater(e)
}
