// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/params"
)

// newExecution checks a submission as the controller will. It returns the execution to create, and separately the
// values of its sensitive params.
func (h *Handlers) newExecution(ctx context.Context, in *access.Scope, submission submission) (*v1alpha1.TaskExecution, map[string][]byte, error) {
	task, err := web.TaskNamed(ctx, h.Stores(in.Namespace), submission.task)
	if err != nil {
		return nil, nil, err
	}
	if err := runnable(task); err != nil {
		return nil, nil, err
	}
	received, err := h.judge(ctx, in, task, submission)
	if err != nil {
		return nil, nil, err
	}
	execution := submission.execution(received)
	execution.Namespace = in.Namespace
	if err := h.admit(ctx, in, task, execution); err != nil {
		return nil, nil, err
	}
	return execution, received.Secret, nil
}

// judge validates a submission against its task.
func (h *Handlers) judge(ctx context.Context, in *access.Scope, task *v1alpha1.Task, s submission) (received params.Received, err error) {
	if err := s.checkSensitive(task); err != nil {
		return received, err
	}
	if received, err = h.Validator.Validate(ctx, task, s.params); err != nil {
		return received, err
	}
	if err := s.takesLabels(task); err != nil {
		return received, err
	}
	if err := s.allowed(task); err != nil {
		return received, err
	}
	return received, h.checkSecretsAllowed(in, received.Secret)
}

// allowed checks that the task still allows the settings that the submission copies from a run or schedule.
func (s submission) allowed(task *v1alpha1.Task) error {
	var notAllowed *jobspec.NotAllowedError
	if err := jobspec.CheckAllowed(task, s.execution(params.Received{})); !errors.As(err, &notAllowed) {
		return err
	}
	if s.schedule != nil {
		return web.ProblemOfText(http.StatusConflict, sayNotInPlan.With(notAllowed, s.schedule.Name))
	}
	return web.ProblemOfText(http.StatusConflict, sayNotAllowed.With(notAllowed, task.Name))
}

// runnable returns an error if the controller has found that the task cannot be run.
func runnable(task *v1alpha1.Task) error {
	if lost := task.Undecoded.InSpec(); len(lost) > 0 {
		return web.ProblemOfText(http.StatusConflict, sayBroken.With(task.Name, v1alpha1.ReasonUndecodable, lost))
	}
	ready := apimeta.FindStatusCondition(task.Status.Conditions, v1alpha1.ConditionReady)
	if ready != nil && ready.Status == metav1.ConditionFalse && ready.ObservedGeneration == task.Generation {
		return web.ProblemOfText(http.StatusConflict, sayBroken.With(task.Name, ready.Reason, ready.Message))
	}
	return nil
}

// checkParams validates the params as the controller will. It also rejects numbers that would not reach the controller
// unchanged, and a Job that is too large for Kubernetes.
func checkParams(task *v1alpha1.Task, given []byte) (params.Received, error) {
	schema, err := params.Of(task)
	if err != nil {
		return params.Received{}, web.ProblemOfText(http.StatusConflict, sayBadSchema.With(task.Name, err))
	}
	received, problems := schema.Receive(given)
	if len(problems) > 0 {
		return params.Received{}, problems
	}
	sample := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: task.Namespace, Name: UnknownID, UID: UnknownID}}
	_, err = jobspec.Build(task, sample, received.Effective)
	var inCommand *jobspec.CommandLineError
	if errors.As(err, &inCommand) {
		return params.Received{}, web.ProblemOfText(http.StatusConflict, sayBadCommand.With(task.Name, inCommand))
	}
	if err != nil {
		return params.Received{}, params.FieldErrors{{Message: err.Error()}}
	}
	return received, nil
}

// checkSensitive rejects a rerun with the same params if some of them are sensitive. The facade cannot read those in a
// Secret, and must not repeat those that were stored readably.
func (s submission) checkSensitive(task *v1alpha1.Task) error {
	if s.original == nil || !s.same {
		return nil
	}
	names := map[string]bool{}
	if from := s.original.Spec.SecretParams; from != nil {
		for _, name := range from.Names {
			names[name] = true
		}
	}
	var stored map[string]json.RawMessage
	if task.Spec.Parameters != nil && json.Unmarshal(s.params, &stored) == nil {
		// An unusable schema is reported when the params are validated.
		if schema, err := params.Compile(task.Spec.Parameters.Raw); err == nil {
			for name := range stored {
				if schema.IsSensitive(name) {
					names[name] = true
				}
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	sorted := slices.Sorted(maps.Keys(names))
	p := web.ProblemOfText(http.StatusBadRequest, saySensitive.With(s.original.Name, strings.Join(sorted, ", ")))
	for _, name := range sorted {
		p.Errors = append(p.Errors, web.FieldError{Pointer: "/params" + params.Pointer(name), Detail: fmt.Sprintf("%q is sensitive and must be sent again, with all other params", name)})
	}
	return p
}

// SystemNamespaces are the namespaces of Kubernetes. A Secret there may be a credential of the cluster, such as a
// bootstrap token. config/admission has the same list.
var SystemNamespaces = []string{metav1.NamespaceSystem, metav1.NamespacePublic, corev1.NamespaceNodeLease}

// checkSecretsAllowed rejects sensitive params where the facade must not create Secrets: in the namespaces of
// Kubernetes and in its own.
func (h *Handlers) checkSecretsAllowed(in *access.Scope, secret map[string][]byte) error {
	if len(secret) == 0 || in.Namespace != h.OwnNamespace && !slices.Contains(SystemNamespaces, in.Namespace) {
		return nil
	}
	return web.Problemf(http.StatusForbidden, "sensitive params are not accepted in the namespace %q, because they would be kept in a Secret there and the namespace "+
		"belongs to the system; create the task in another namespace", in.Namespace)
}
