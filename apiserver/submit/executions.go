package submit

import (
	"context"
	"errors"
	"net/http"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/tasks"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/params"
)

const (
	TriggerManual = v1alpha1.TriggerManual
	TriggerAPI    = v1alpha1.TriggerAPI
)

// Execute records a new execution of a task. The controller does the rest.
func (h *Handlers) Execute(source v1alpha1.TriggerSource) func(*access.Scope, http.ResponseWriter, *http.Request) error {
	return func(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
		request, dryRun, err := executeRequestOf(r)
		if err != nil {
			return err
		}
		submission, err := h.submissionOf(in, r, request)
		if err != nil {
			return err
		}
		submission.source = source
		return h.submit(in, w, r, submission, dryRun)
	}
}

// executeRequestOf reads the query and the body of what makes an execution.
func executeRequestOf(r *http.Request) (request executeRequest, dryRun bool, err error) {
	if dryRun, err = web.OnlyDryRunOf(r); err != nil {
		return request, dryRun, err
	}
	err = web.Decode(r, &request)
	return request, dryRun, err
}

// submit makes what a submission asks for, unless it was made before, and in a dry run nothing.
func (h *Handlers) submit(in *access.Scope, w http.ResponseWriter, r *http.Request, submission submission, dryRun bool) error {
	if dryRun {
		return h.rehearse(in, w, r, submission)
	}
	execution, secret, err := h.newExecution(r.Context(), in, submission)
	if err != nil {
		return h.repeatedOr(in, w, r, submission, err)
	}
	noteOrigin(execution, r)
	existing, err := h.create(r.Context(), in, submission, execution)
	if err != nil {
		return err
	}
	if existing != nil {
		return h.repeatedWith(in, w, r, existing, submission, secret)
	}
	if err := h.storeSecret(r.Context(), in, execution, submission, secret); err != nil {
		return err
	}
	return replyStarted(w, execution)
}

// create records an execution, or gives the one that the submission made before, by this version of the facade or by one
// without a secret.
func (h *Handlers) create(ctx context.Context, in *access.Scope, submission submission, execution *v1alpha1.TaskExecution) (existing *v1alpha1.TaskExecution, err error) {
	if submission.formerID != "" {
		if existing, err = h.Stores(in.Namespace).Seen(ctx, submission.formerID); existing != nil || err != nil {
			return existing, err
		}
	}
	return h.Stores(in.Namespace).Create(ctx, execution)
}

func replyStarted(w http.ResponseWriter, execution *v1alpha1.TaskExecution) error {
	started := wire.ExecutionOf(execution, time.Now())
	started.Trigger.Claimed = false // it was made by this request
	return web.Reply(w, Started{Execution: started, Kind: kindStarted, Data: started})
}

// newExecution judges a submission as the controller will, and gives the execution to record and the values of its
// sensitive params, which do not stand in it.
func (h *Handlers) newExecution(ctx context.Context, in *access.Scope, submission submission) (*v1alpha1.TaskExecution, map[string][]byte, error) {
	task, err := tasks.Named(ctx, h.Stores(in.Namespace), submission.task)
	if err != nil {
		return nil, nil, err
	}
	if err := runnable(task); err != nil {
		return nil, nil, err
	}
	received, err := submission.check(task)
	if err != nil {
		return nil, nil, err
	}
	if err := submission.allowed(task); err != nil {
		return nil, nil, err
	}
	if err := h.takesSecrets(in, received.Secret); err != nil {
		return nil, nil, err
	}
	execution := submission.execution(received)
	execution.Namespace = in.Namespace
	if err := h.admit(ctx, in, task, execution); err != nil {
		return nil, nil, err
	}
	return execution, received.Secret, nil
}

// check judges the params of a submission by a task.
func (s submission) check(task *v1alpha1.Task) (params.Received, error) {
	if err := s.lacksSensitive(task); err != nil {
		return params.Received{}, err
	}
	return CheckParams(task, s.params)
}

// allowed judges what a submission has from the run or the schedule that it repeats by what the task allows today.
func (s submission) allowed(task *v1alpha1.Task) error {
	var notAllowed *jobspec.NotAllowedError
	if err := jobspec.CheckAllowed(task, s.execution(params.Received{})); !errors.As(err, &notAllowed) {
		return err
	}
	hint := "POST /tasks/" + task.Name + "/execute/api runs the task without it"
	if s.schedule != nil {
		hint = "change it with PUT /triggers/cron/" + s.schedule.Name
	}
	return web.Problemf(http.StatusConflict, "%v; %s", notAllowed, hint)
}

// execution is what is recorded of a submission.
func (s submission) execution(received params.Received) *v1alpha1.TaskExecution {
	execution := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Name: s.id}}
	if s.digest != "" {
		metav1.SetMetaDataAnnotation(&execution.ObjectMeta, v1alpha1.AnnotationSubmission, s.digest)
	}
	execution.Spec.TaskRef.Name = s.task
	execution.Spec.Trigger.Source, execution.Spec.Trigger.User = s.source, s.user
	jobspec.Label(execution)
	if received.Plain != nil {
		execution.Spec.Params = &apiextensionsv1.JSON{Raw: received.Plain}
	}
	if len(received.Secret) > 0 {
		execution.Spec.SecretParams = secretParamsOf(execution.Name, received.Secret)
	}
	s.continues(execution)
	s.belongs(execution)
	return execution
}

// runnable refuses a task of which the controller knows that no run of it can work.
func runnable(task *v1alpha1.Task) error {
	if lost := task.Undecoded.InSpec(); len(lost) > 0 {
		return web.Problemf(http.StatusConflict, "the task %q cannot be run until it is mended: %s: %s", task.Name, v1alpha1.ReasonUndecodable, lost)
	}
	ready := apimeta.FindStatusCondition(task.Status.Conditions, v1alpha1.ConditionReady)
	if ready != nil && ready.Status == metav1.ConditionFalse && ready.ObservedGeneration == task.Generation {
		return web.Problemf(http.StatusConflict, "the task %q cannot be run until it is mended: %s: %s", task.Name, ready.Reason, ready.Message)
	}
	return nil
}

// CheckParams judges the params as the controller will, and refuses the numbers that would not reach it, and a Job that
// Kubernetes would not keep.
func CheckParams(task *v1alpha1.Task, given []byte) (params.Received, error) {
	schema, err := params.Of(task)
	if err != nil {
		return params.Received{}, web.Problemf(http.StatusConflict, "the task %q cannot be run until it is mended: its parameters are no usable JSON Schema: %v", task.Name, err)
	}
	received, problems := schema.Receive(given)
	if len(problems) > 0 {
		return params.Received{}, problems
	}
	sample := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: task.Namespace, Name: UnknownID, UID: UnknownID}}
	_, err = jobspec.Build(task, sample, received.Effective)
	var inCommand *jobspec.CommandLineError
	if errors.As(err, &inCommand) {
		return params.Received{}, web.Problemf(http.StatusConflict, "the task %q cannot be run until it is mended: %v", task.Name, inCommand)
	}
	if err != nil {
		return params.Received{}, params.FieldErrors{{Message: err.Error()}}
	}
	return received, nil
}

// noteOrigin says on an execution which request makes it, and which trace it belongs to.
func noteOrigin(execution *v1alpha1.TaskExecution, r *http.Request) {
	metav1.SetMetaDataAnnotation(&execution.ObjectMeta, v1alpha1.AnnotationRequestID, web.RequestID(r.Context()))
	if trace := web.TraceparentOf(r); trace != "" {
		metav1.SetMetaDataAnnotation(&execution.ObjectMeta, v1alpha1.AnnotationTraceparent, trace)
	}
}
