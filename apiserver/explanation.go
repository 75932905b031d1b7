package apiserver

import (
	"context"
	"net/http"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/explain"
)

// wireExplanation says why a run does not run, why it failed, or how it ended.
type wireExplanation struct {
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
	Facts []wireFact `json:"facts"`
	// Complete is false when something could not be read; the facts say what.
	Complete bool `json:"complete"`
}

// wireFact is one of them.
type wireFact struct {
	// Source is what says it.
	Source string `json:"source" jsonschema:"enum=TaskExecution,enum=Task,enum=Queue,enum=Job,enum=Pod,enum=Event,enum=Log,enum=Facade"`
	// Name of the object, absent where it is clear.
	Name string `json:"name,omitempty"`
	// At is when, absent where that is not known.
	At *time.Time `json:"at,omitempty"`
	// Text says it in words.
	Text string `json:"text"`
}

// explainStore reads what an explanation is made of.
type explainStore interface {
	executionReader
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

// explainRoom says why an execution does not run, why it failed, or how it ended.
type explainRoom struct {
	stores func(namespace string) explainStore
}

// explainExecution answers why.
func (h *explainRoom) explainExecution(in *scope, w http.ResponseWriter, r *http.Request) error {
	execution, err := executionNamed(r.Context(), h.stores(in.namespace), pathValue(r, "executionId"))
	if err != nil {
		return err
	}
	observed, err := (&observer{store: h.stores(in.namespace), patience: livePatience}).observe(r.Context(), execution, time.Now())
	if err != nil {
		return err
	}
	return reply(w, explanationOf(execution, explain.Of(observed), len(observed.Unread) == 0))
}

func explanationOf(e *v1alpha1.TaskExecution, x explain.Explanation, complete bool) wireExplanation {
	w := wireExplanation{
		ExecutionID: e.Name,
		TaskName:    e.Spec.TaskRef.Name,
		Status:      statusOf(e),
		Phase:       phaseOf(e),
		Reason:      x.Reason,
		Sentence:    x.Sentence,
		Advice:      x.Advice,
		Facts:       make([]wireFact, len(x.Facts)),
		Complete:    complete,
	}
	for i, f := range x.Facts {
		w.Facts[i] = wireFact{Source: string(f.Source), Name: f.Name, Text: f.Text}
		if !f.At.IsZero() {
			at := f.At.UTC()
			w.Facts[i].At = &at
		}
	}
	return w
}
