package explainer

import (
	"context"
	"net/http"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/explain"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// Explanation says why a run does not run, why it failed, or how it ended.
type Explanation struct {
	// ExecutionID that is explained.
	ExecutionID string `json:"executionId"`
	// TaskName of its task.
	TaskName string `json:"taskName"`
	// Status as elsewhere.
	Status string `json:"status" jsonschema:"enum=running,enum=completed,enum=failed,enum=cancelled"`
	// Phase of the TaskExecution.
	Phase string `json:"phase" jsonschema:"enum=Pending,enum=Queued,enum=Running,enum=Cancelling,enum=Completed,enum=Failed,enum=Cancelled"`
	// Reason is one of a bounded set.
	Reason string `json:"reason"`
	// Sentence is the answer, for people.
	Sentence string `json:"sentence"`
	// Advice says what to do, absent when there is nothing to do.
	Advice string `json:"advice,omitempty"`
	// Facts that the sentence is made of.
	Facts []Fact `json:"facts"`
	// Complete is false when something could not be read; the facts say what.
	Complete bool `json:"complete"`
}

// Fact is one of them.
type Fact struct {
	// Source is what says it.
	Source string `json:"source" jsonschema:"enum=TaskExecution,enum=Task,enum=Queue,enum=Job,enum=Pod,enum=Event,enum=Log,enum=Facade"`
	// Name of the object, absent where it is clear.
	Name string `json:"name,omitempty"`
	// At is when, absent where that is not known.
	At *time.Time `json:"at,omitempty"`
	// Text says it in words.
	Text string `json:"text"`
}

// Store reads what an explanation is made of.
type Store interface {
	web.ExecutionReader
	// Task returns a Task, or nil if there is none of that name.
	Task(ctx context.Context, name string) (*v1alpha1.Task, error)
	// Executions returns the executions of a task, newest first.
	Executions(ctx context.Context, taskName string) ([]*v1alpha1.TaskExecution, error)
	// Pods returns the pods of an execution that still exist, in no order.
	Pods(ctx context.Context, execution *v1alpha1.TaskExecution) ([]corev1.Pod, error)
	// Job returns the Job that the status of an execution names, or nil if there is none. Until the status names one, a Job
	// of the right name and owner can be anybody's.
	Job(ctx context.Context, execution *v1alpha1.TaskExecution) (*batchv1.Job, error)
	// Events returns Events about an object, at most a hundred, in no order.
	Events(ctx context.Context, object types.UID) ([]corev1.Event, error)
}

// Handlers says why an execution does not run, why it failed, or how it ended.
type Handlers struct {
	Stores func(namespace string) Store
}

// Explain answers why.
func (h *Handlers) Explain(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	execution, err := web.ExecutionNamed(r.Context(), h.Stores(in.Namespace), web.PathValue(r, "executionId"))
	if err != nil {
		return err
	}
	observed, err := (&Observer{Store: h.Stores(in.Namespace), Patience: livePatience}).Observe(r.Context(), execution, time.Now())
	if err != nil {
		return err
	}
	return web.Reply(w, explanationOf(execution, explain.Of(observed), len(observed.Unread) == 0))
}

func explanationOf(e *v1alpha1.TaskExecution, x explain.Explanation, complete bool) Explanation {
	w := Explanation{
		ExecutionID: e.Name,
		TaskName:    e.Spec.TaskRef.Name,
		Status:      wire.StatusOf(e),
		Phase:       wire.PhaseOf(e),
		Reason:      x.Reason,
		Sentence:    x.Sentence,
		Advice:      x.Advice,
		Facts:       make([]Fact, len(x.Facts)),
		Complete:    complete,
	}
	for i, f := range x.Facts {
		w.Facts[i] = Fact{Source: string(f.Source), Name: f.Name, Text: f.Text}
		if !f.At.IsZero() {
			at := f.At.UTC()
			w.Facts[i].At = &at
		}
	}
	return w
}
