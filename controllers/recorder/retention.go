// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package recorder

import (
	"context"
	"math/rand/v2"
	"time"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/records"
)

// Retention says what the archive keeps. The zero value keeps everything.
type Retention struct {
	// Every is how often it is applied. Zero means never.
	Every time.Duration
	// Default limits each namespace that has no limits of its own.
	Default records.Limits
	// Namespaces are the limits of single namespaces.
	Namespaces map[string]records.Limits
	// AtLeast is how long a run is kept after its end whatever the bytes are.
	AtLeast time.Duration
	// PerHour bounds the removals in an hour.
	PerHour int
	// DryRun only logs what would be removed.
	DryRun bool
}

// Of returns the limits of a namespace. Each of its own limits replaces the default.
func (r *Retention) Of(namespace string) records.Limits {
	limits := r.Default
	own := r.Namespaces[namespace]
	if own.MaxAge > 0 {
		limits.MaxAge = own.MaxAge
	}
	if own.MaxBytes > 0 {
		limits.MaxBytes = own.MaxBytes
	}
	return limits
}

// expire applies the retention to each namespace. The order is another one each time, so that a namespace of which much is to
// be removed does not keep the others waiting, nor does a controller that is restarted often.
func (u *Upkeep) expire(ctx context.Context) {
	if !u.claimed.Load() {
		return
	}
	log := ctrl.LoggerFrom(ctx)
	namespaces, err := u.writer.Namespaces(ctx)
	if err != nil {
		log.Error(err, "Applying the archive's retention")
		return
	}
	left := max(1, int(float64(u.options.Retention.PerHour)*u.options.Retention.Every.Hours()))
	rand.Shuffle(len(namespaces), func(i, j int) { namespaces[i], namespaces[j] = namespaces[j], namespaces[i] }) //nolint:gosec // an order is no secret
	for _, namespace := range namespaces {
		begun := time.Now()
		policy := u.policy(ctx, namespace)
		remove := func(ctx context.Context, e records.Expired) error {
			if left--; left < 0 {
				return records.ErrEnough
			}
			u.metrics.removed.Inc()
			return u.logs.Delete(ctx, archive.Execution{Namespace: e.Namespace, Name: e.Name, UID: e.UID})
		}
		if u.options.Retention.DryRun {
			remove = nil
		}
		expired, err := u.writer.Expire(ctx, namespace, policy, remove)
		if err != nil {
			log.Error(err, "Applying the archive's retention; it goes on at the next time", "namespace", namespace)
		} else if left >= 0 {
			u.metrics.swept.WithLabelValues(namespace).Set(float64(begun.UnixMilli()) / 1000)
		}
		u.metrics.expired.WithLabelValues(namespace).Set(float64(len(expired)))
		if len(expired) > 0 {
			log.Info("Applied the archive's retention", "namespace", namespace, "runs", len(expired), "dryRun", u.options.Retention.DryRun, "oldest", expired[len(expired)-1].String())
		}
	}
}

// policy returns what the archive keeps of a namespace. The limits of a Task are those that it has now.
func (u *Upkeep) policy(ctx context.Context, namespace string) records.Policy {
	tasks := map[string]records.Limits{}
	return records.Policy{
		Namespace: u.options.Retention.Of(namespace),
		AtLeast:   u.options.Retention.AtLeast,
		Task: func(name string) records.Limits {
			limits, known := tasks[name]
			if !known {
				limits = u.limitsOf(ctx, types.NamespacedName{Namespace: namespace, Name: name})
				tasks[name] = limits
			}
			return limits
		},
		Live: func(name string, uid types.UID) bool {
			there := &v1alpha1.TaskExecution{}
			err := u.client.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, there)
			return err == nil && there.UID == uid || client.IgnoreNotFound(err) != nil
		},
	}
}

func (u *Upkeep) limitsOf(ctx context.Context, key types.NamespacedName) (limits records.Limits) {
	task := &v1alpha1.Task{}
	if err := u.client.Get(ctx, key, task); err != nil {
		return limits // the limits of the namespace hold
	}
	own := task.Spec.Retention.Archive
	if own == nil {
		return limits
	}
	if own.TTL != nil {
		limits.MaxAge = own.TTL.Duration
	}
	if own.MaxBytes != nil {
		limits.MaxBytes = own.MaxBytes.Value()
	}
	return limits
}
