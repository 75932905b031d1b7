// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"errors"
	"fmt"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/params"
)

// refusedRetry is the delay before a refused Job is tried again. Others free the quota, and no event announces it.
const refusedRetry = 10 * time.Second

// start creates the Job, or says what prevents it.
func start(o *Observation, f facts) (step, bool) {
	if o.Job != nil {
		return step{}, false
	}
	switch o.Start.Outcome {
	case StartConflict:
		return fail(v1alpha1.ReasonNameConflict, o.Start.Message), true
	case StartInvalid:
		return fail(v1alpha1.ReasonInvalidJobTemplate, o.Start.Message), true
	case StartRefused:
		return waitForStart(o, f, v1alpha1.ReasonJobRefused, o.Start.Message), true
	case StartNotTried:
	}
	if s, lost := undecodable(o); lost {
		return s, true
	}
	if o.Task == nil {
		return waitForStart(o, f, v1alpha1.ReasonTaskNotFound,
			fmt.Sprintf("task %q does not exist in namespace %q", o.Execution.Spec.TaskRef.Name, o.Execution.Namespace)), true
	}
	if s, refused := suspendedTask(o); refused {
		return s, true
	}
	if s, over := queueTimedOut(o, f); over {
		return s, true
	}
	if o.Queue != nil && !o.Queue.Granted {
		return waitForPlace(o, f), true
	}
	return create(o, f), true
}

// Waits reports whether a plan makes a new execution wait for its Job. New means that its status is empty.
func Waits(o *Observation, p Plan) bool {
	return o.Execution.Status.Phase == "" && o.Execution.Spec.Cancel == nil && p.Create == nil && p.Status.Job == nil &&
		p.Status.Phase != "" && !p.Status.Phase.IsTerminal()
}

// backlogFull ends a run that would have to wait while the backlog of its namespace is full. It never starts, and its
// status says why.
func backlogFull(o *Observation, _ facts) (step, bool) {
	if o.BacklogFull == nil || o.Job != nil {
		return step{}, false
	}
	return fail(v1alpha1.ReasonNamespaceQueueFull, o.BacklogFull.Error()), true
}

// create validates the params and builds the Job. Without the params it asks for a place first. The params were
// validated when the execution was new. When they are read again, they are validated against the current Task.
func create(o *Observation, f facts) step {
	if o.Trimmed {
		if s, waits := secretWaits(o, f); waits {
			return s
		}
		return step{askPlace: true, hold: true}
	}
	var given []byte
	if p := o.Execution.Spec.Params; p != nil {
		given = p.Raw
	}
	schema, err := params.Of(o.Task)
	if err != nil {
		return fail(v1alpha1.ReasonInvalidTask, fmt.Sprintf("the parameters of task %q are no usable JSON Schema: %v", o.Task.Name, err))
	}
	if problems := params.Unstorable(given); len(problems) > 0 {
		return fail(v1alpha1.ReasonInvalidParams, problems.Error())
	}
	given, trouble, ok := withSecretParams(o, f, schema, given)
	if !ok {
		return trouble
	}
	effective, problems := schema.Apply(given)
	if len(problems) > 0 {
		return fail(v1alpha1.ReasonInvalidParams, problems.Error())
	}
	effective, _, problems = schema.Split(effective)
	if len(problems) > 0 {
		return fail(v1alpha1.ReasonInvalidParams, problems.Error())
	}
	job, err := jobspec.Build(o.Task, o.Execution, effective)
	var inCommand *jobspec.CommandLineError
	if errors.As(err, &inCommand) {
		return fail(v1alpha1.ReasonInvalidJobTemplate, inCommand.Error())
	}
	var notAllowed *jobspec.NotAllowedError
	if errors.As(err, &notAllowed) {
		return fail(v1alpha1.ReasonNotAllowedByTask, notAllowed.Error())
	}
	if err != nil {
		return fail(v1alpha1.ReasonInvalidParams, err.Error())
	}
	return step{create: job, hold: true}
}

func fail(reason, message string) step {
	return step{verdict: verdict{v1alpha1.PhaseFailed, reason, message}}
}
