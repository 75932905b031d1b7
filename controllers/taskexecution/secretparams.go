// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskexecution

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/logs/redact"
)

// redactors has a redactor for each active execution with sensitive params. The controller keeps the values nowhere
// else, and only while a log may have to be redacted.
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

// observeSecret reads the Secret of the sensitive params: in each reconcile until there is a Job, and then once in the
// life of this controller. It reads from the API server, because no Secret is watched or cached. The values serve to
// validate the params and to redact logs. The container gets them by reference. Only a Secret that the execution may
// use is read.
func (r *Reconciler) observeSecret(ctx context.Context, o *lifecycle.Observation) error {
	from := o.Execution.Spec.SecretParams
	if from == nil || !isFollowed(o.Execution) {
		return nil
	}
	if o.Redact = r.redactors.get(o.Execution); o.Redact != nil && o.Job != nil {
		return nil
	}
	key := types.NamespacedName{Namespace: o.Execution.Namespace, Name: from.SecretName}
	secret, err := r.usableSecret(ctx, key, o.Execution)
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case apierrors.IsForbidden(err):
		o.SecretTrouble = secretsForbidden(key.Namespace)
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

// usableSecret reads a Secret: first its metadata, and its values only if the execution may use it. So the values of
// other Secrets never reach this process. A Secret that may not be used is returned without values.
func (r *Reconciler) usableSecret(ctx context.Context, key types.NamespacedName, execution *v1alpha1.TaskExecution) (*corev1.Secret, error) {
	head := &metav1.PartialObjectMetadata{}
	head.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
	if err := r.Live.Get(ctx, key, head); err != nil {
		return nil, err
	}
	secret := &corev1.Secret{ObjectMeta: head.ObjectMeta}
	if !lifecycle.MayUse(secret, execution) {
		return secret, nil
	}
	whole := &corev1.Secret{}
	if err := r.Live.Get(ctx, key, whole); err != nil {
		return nil, err
	}
	return whole, nil
}

// secretsForbidden says what to do if the controller has no right to read Secrets.
func secretsForbidden(namespace string) string {
	return fmt.Sprintf("the controller may not read Secrets in namespace %q; whoever administers it can allow that with a RoleBinding of the "+
		"ClusterRole taskexec-controller-secrets to the controller's service account", namespace)
}
