// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
)

// create creates the execution, or returns the one that an earlier request with the same key created, also in an
// earlier version of the facade.
func (h *Handlers) create(ctx context.Context, in *access.Scope, submission submission, execution *v1alpha1.TaskExecution) (existing *v1alpha1.TaskExecution, err error) {
	if submission.formerID != "" {
		if existing, err = h.Stores(in.Namespace).Seen(ctx, submission.formerID); existing != nil || err != nil {
			return existing, err
		}
	}
	return h.Stores(in.Namespace).Create(ctx, execution)
}

// noteOrigin records the request and its trace on the execution that the request creates.
func noteOrigin(execution *v1alpha1.TaskExecution, r *http.Request) {
	metav1.SetMetaDataAnnotation(&execution.ObjectMeta, v1alpha1.AnnotationRequestID, web.RequestID(r.Context()))
	if trace := web.TraceparentOf(r); trace != "" {
		metav1.SetMetaDataAnnotation(&execution.ObjectMeta, v1alpha1.AnnotationTraceparent, trace)
	}
}

// withdrawTimeout bounds the cancel of an execution whose Secret could not be stored.
const withdrawTimeout = 5 * time.Second

// secretParamsOf returns the name of a new Secret for the sensitive params of an execution. The name is random, so that
// it cannot be the name of an earlier Secret or be guessed.
func secretParamsOf(execution string, secret map[string][]byte) *v1alpha1.SecretParams {
	return &v1alpha1.SecretParams{
		SecretName: execution + "-" + uuid.NewString()[:8],
		Names:      slices.Sorted(maps.Keys(secret)),
	}
}

// storeSecret creates the Secret with the sensitive params of a new execution. The Secret comes second, because its
// owner reference needs the execution's UID. The controller waits for it. If storeSecret fails, a client with a key can
// repeat its request, which creates the Secret. Without a key, the execution is cancelled, because its client does not
// know it.
func (h *Handlers) storeSecret(ctx context.Context, in *access.Scope, execution *v1alpha1.TaskExecution, submission submission, secret map[string][]byte) error {
	if len(secret) == 0 {
		return nil
	}
	err := h.Stores(in.Namespace).CreateSecret(ctx, execution, secret)
	if err == nil || submission.keyed {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), withdrawTimeout)
	defer cancel()
	_, withdrawErr := h.Stores(in.Namespace).Cancel(ctx, execution.Name, v1alpha1.CancelRequest{
		RequestedBy: access.RequestedBy, Reason: "its sensitive params could not be stored",
	})
	if withdrawErr != nil {
		return fmt.Errorf("%w (and withdrawing the execution: %w)", err, withdrawErr)
	}
	return err
}
