package apiserver

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// withdrawTimeout bounds the withdrawal of an execution whose Secret could not be stored.
const withdrawTimeout = 5 * time.Second

// secretParamsOf names a new Secret for the sensitive params of an execution. The name is random, so that neither a
// leftover of an earlier execution of the same id nor somebody who guesses can be in its place.
func secretParamsOf(execution string, secret map[string][]byte) *v1alpha1.SecretParams {
	return &v1alpha1.SecretParams{
		SecretName: execution + "-" + uuid.NewString()[:8],
		Names:      slices.Sorted(maps.Keys(secret)),
	}
}

// storeSecret records the sensitive values of an execution that was just recorded. It cannot be done before: the
// Secret belongs to the execution, by whose UID it is removed with it; meanwhile the controller waits. When it
// fails, a submission with a key can be sent again, which does what is left; another is withdrawn, because its
// client does not know the execution.
func (h *submitRoom) storeSecret(ctx context.Context, in *scope, execution *v1alpha1.TaskExecution, submission submission, secret map[string][]byte) error {
	if len(secret) == 0 {
		return nil
	}
	err := h.stores(in.namespace).CreateSecret(ctx, execution, secret)
	if err == nil || submission.keyed {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), withdrawTimeout)
	defer cancel()
	_, withdrawErr := h.stores(in.namespace).Cancel(ctx, execution.Name, v1alpha1.CancelRequest{
		RequestedBy: requestedBy, Reason: "its sensitive params could not be stored",
	})
	if withdrawErr != nil {
		return fmt.Errorf("%w (and withdrawing the execution: %w)", err, withdrawErr)
	}
	return err
}
