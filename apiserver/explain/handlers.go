// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"context"
	"net/http"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/archivedruns"
	"github.com/taskexec/taskexec/apiserver/diagnosis"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
	"github.com/taskexec/taskexec/controllers/phrases"
)

// Explanation explains why a run does not run, why it failed, or how it ended.
type Explanation struct {
	// ExecutionID is the id of the run.
	ExecutionID string `json:"executionId"`
	// TaskName is the name of its task.
	TaskName string `json:"taskName"`
	// Status is the status of the run.
	Status string `json:"status" jsonschema:"enum=running,enum=completed,enum=failed,enum=cancelled"`
	// Phase is the phase of the TaskExecution.
	Phase string `json:"phase" jsonschema:"enum=Pending,enum=Queued,enum=Running,enum=Cancelling,enum=Completed,enum=Failed,enum=Cancelled"`
	// Reason is the reason in one word, for programs.
	Reason string `json:"reason"`
	// Sentence is the explanation, for people.
	Sentence string `json:"sentence"`
	// Advice says what to do, absent if there is nothing to do.
	Advice string `json:"advice,omitempty"`
	// Facts are what is known about the run.
	Facts []Fact `json:"facts"`
	// Complete is false if something could not be read. The facts say what.
	Complete bool `json:"complete"`
}

// Fact is one fact about a run.
type Fact struct {
	// Source is where the fact was read.
	Source string `json:"source" jsonschema:"enum=TaskExecution,enum=Task,enum=Queue,enum=Job,enum=Pod,enum=Event,enum=Log,enum=Facade"`
	// Name is the name of the object, absent if there is only one.
	Name string `json:"name,omitempty"`
	// At is when it happened, absent if that is not known.
	At *time.Time `json:"at,omitempty"`
	// Text is the fact in words.
	Text string `json:"text"`
}

// Store reads the objects that an explanation needs.
type Store interface {
	web.TailReader
	web.TaskReader
	// Executions returns the executions of a task, newest first.
	Executions(ctx context.Context, taskName string) ([]*v1alpha1.TaskExecution, error)
	// Pods returns the pods of an execution that still exist, in no order.
	Pods(ctx context.Context, execution *v1alpha1.TaskExecution) ([]corev1.Pod, error)
	// Job returns the Job that the status of an execution names, or nil if there is none. Until the status names one, a
	// Job of the right name and owner can be anybody's.
	Job(ctx context.Context, execution *v1alpha1.TaskExecution) (*batchv1.Job, error)
	// Events returns Events about an object, at most a hundred, in no order.
	Events(ctx context.Context, object types.UID) ([]corev1.Event, error)
}

// Handlers says why an execution does not run, why it failed, or how it ended.
type Handlers struct {
	Stores func(namespace string) Store
	// Past has the archived runs, nil if there is no archive.
	Past *archivedruns.Archive
}

// Explain answers with the explanation of an execution.
func (h *Handlers) Explain(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	execution, _, err := h.Past.Find(r.Context(), h.Stores(in.Namespace), in.Namespace, web.PathValue(r, "executionId"))
	if err != nil {
		return err
	}
	observed, err := (&Observer{Store: h.Stores(in.Namespace), Patience: livePatience}).Observe(r.Context(), execution, time.Now())
	if err != nil {
		return err
	}
	return web.Reply(w, explanationOf(execution, diagnosis.Of(observed), len(observed.Unread) == 0, web.Speak(w, r)))
}

func explanationOf(e *v1alpha1.TaskExecution, x diagnosis.Finding, complete bool, in phrases.Language) Explanation {
	w := Explanation{
		ExecutionID: e.Name,
		TaskName:    e.Spec.TaskRef.Name,
		Status:      wire.StatusOf(e),
		Phase:       wire.PhaseOf(e),
		Reason:      x.Reason,
		Sentence:    x.SentenceIn(in),
		Advice:      x.AdviceIn(in),
		Facts:       make([]Fact, len(x.Facts)),
		Complete:    complete,
	}
	for i, f := range x.Facts {
		w.Facts[i] = Fact{Source: string(f.Source), Name: f.Name, Text: f.TextIn(in)}
		if !f.At.IsZero() {
			at := f.At.UTC()
			w.Facts[i].At = &at
		}
	}
	return w
}
