package taskexecution

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/logs/redact"
)

// redactors of the executions under way that have sensitive params. It is the only place where the controller keeps
// anything of their values, and only as long as a log may have to be shown without them.
type redactors struct {
	mu    sync.Mutex
	known map[types.NamespacedName]redactor
}

type redactor struct {
	uid types.UID
	*redact.Redactor
}

func (r *redactors) get(e *v1alpha1.TaskExecution) *redact.Redactor {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.known[client.ObjectKeyFromObject(e)]; known.uid == e.UID {
		return known.Redactor
	}
	return nil
}

func (r *redactors) put(e *v1alpha1.TaskExecution, known *redact.Redactor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = map[types.NamespacedName]redactor{}
	}
	r.known[client.ObjectKeyFromObject(e)] = redactor{e.UID, known}
}

func (r *redactors) forget(key types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.known, key)
}

// observeSecret reads the Secret of the sensitive params: until there is a Job, each time, and then once in this
// controller's life. It reads live: no Secret is watched or kept in a cache.
func (r *Reconciler) observeSecret(ctx context.Context, o *lifecycle.Observation) error {
	from := o.Execution.Spec.SecretParams
	if from == nil {
		return nil
	}
	if o.Execution.DeletionTimestamp != nil || lifecycle.LogIsFinal(o.Execution) {
		r.redactors.forget(client.ObjectKeyFromObject(o.Execution))
		return nil
	}
	if o.Redact = r.redactors.get(o.Execution); o.Redact != nil && o.Job != nil {
		return nil
	}
	secret := &corev1.Secret{}
	key := types.NamespacedName{Namespace: o.Execution.Namespace, Name: from.SecretName}
	switch err := r.Live.Get(ctx, key, secret); {
	case apierrors.IsNotFound(err):
		return nil
	case apierrors.IsForbidden(err):
		o.SecretTrouble = "the controller's service account may not; see config/rbac"
		return nil
	case err != nil:
		return fmt.Errorf("reading secret %s: %w", key, err)
	}
	o.Secret = secret
	if !lifecycle.MayUse(secret, o.Execution) {
		return nil
	}
	values := make([]string, 0, len(from.Names))
	for _, value := range lifecycle.SecretValues(secret, from) {
		values = append(values, string(value))
	}
	o.Redact = redact.New(values)
	r.redactors.put(o.Execution, o.Redact)
	return nil
}
