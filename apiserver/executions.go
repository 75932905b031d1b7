package apiserver

import (
	"bytes"
	"net/http"
	"time"

	"github.com/google/uuid"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/params"
)

const (
	triggerManual = v1alpha1.TriggerManual
	triggerAPI    = v1alpha1.TriggerAPI
)

// execute records a new execution of a task. The controller does the rest.
func (s *server) execute(source v1alpha1.TriggerSource) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		var request executeRequest
		if err := decode(r, &request); err != nil {
			return err
		}
		task, err := s.task(r)
		if err != nil {
			return err
		}
		if err := runnable(task); err != nil {
			return err
		}
		if err := checkParams(task, request.Params); err != nil {
			return err
		}
		execution := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Name: uuid.NewString()}}
		execution.Spec.TaskRef.Name = task.Name
		execution.Spec.Trigger.Source = source
		if given := bytes.TrimSpace(request.Params); len(given) > 0 && !bytes.Equal(given, []byte("null")) {
			execution.Spec.Params = &apiextensionsv1.JSON{Raw: given}
		}
		if err := s.store.Create(r.Context(), execution); err != nil {
			return err
		}
		started := executionOf(execution, time.Now())
		return reply(w, wireStarted{wireExecution: started, Data: started})
	}
}

// task gives the task that the path names.
func (s *server) task(r *http.Request) (*v1alpha1.Task, error) {
	name := pathValue(r, "taskName")
	task, err := s.store.Task(r.Context(), name)
	if err != nil {
		return nil, err
	}
	if task == nil {
		return nil, problemf(http.StatusNotFound, "there is no task %q; GET /tasks lists those there are", name)
	}
	return task, nil
}

// runnable refuses a task of which the controller knows that no run of it can work.
func runnable(task *v1alpha1.Task) error {
	ready := apimeta.FindStatusCondition(task.Status.Conditions, v1alpha1.ConditionReady)
	if ready != nil && ready.Status == metav1.ConditionFalse && ready.ObservedGeneration == task.Generation {
		return problemf(http.StatusConflict, "the task %q cannot be run until it is mended: %s: %s", task.Name, ready.Reason, ready.Message)
	}
	return nil
}

// checkParams judges the params as the controller will, and refuses the numbers that would not reach it.
func checkParams(task *v1alpha1.Task, given []byte) error {
	var schemaJSON []byte
	if task.Spec.Parameters != nil {
		schemaJSON = task.Spec.Parameters.Raw
	}
	schema, err := params.Compile(schemaJSON)
	if err != nil {
		return problemf(http.StatusConflict, "the task %q cannot be run until it is mended: its parameters are no usable JSON Schema: %v", task.Name, err)
	}
	if bytes.Equal(bytes.TrimSpace(given), []byte("null")) {
		given = nil
	}
	_, problems := schema.Apply(given)
	if problems = append(params.Unstorable(given), problems...); len(problems) > 0 {
		return problems
	}
	return nil
}

func (s *server) getExecution(w http.ResponseWriter, r *http.Request) error {
	id := pathValue(r, "executionId")
	execution, err := s.store.Execution(r.Context(), id)
	if err != nil {
		return err
	}
	if execution == nil {
		return problemf(http.StatusNotFound, "there is no execution %q", id)
	}
	return reply(w, executionOf(execution, time.Now()))
}

// listExecutions answers with all executions of a task, newest first. Those of a task that was deleted are
// still there to be read.
func (s *server) listExecutions(w http.ResponseWriter, r *http.Request) error {
	executions, err := s.store.Executions(r.Context(), pathValue(r, "taskName"))
	if err != nil {
		return err
	}
	if len(executions) == 0 {
		if _, err := s.task(r); err != nil {
			return err
		}
	}
	now := time.Now()
	answer := make([]wireExecution, len(executions))
	for i := range executions {
		answer[i] = executionOf(&executions[i], now)
	}
	return reply(w, answer)
}

func (s *server) listTasks(w http.ResponseWriter, r *http.Request) error {
	tasks, err := s.store.Tasks(r.Context())
	if err != nil {
		return err
	}
	answer := make([]wireTask, len(tasks))
	for i := range tasks {
		answer[i] = taskOf(&tasks[i])
	}
	return reply(w, answer)
}

func (s *server) getTask(w http.ResponseWriter, r *http.Request) error {
	task, err := s.task(r)
	if err != nil {
		return err
	}
	return reply(w, taskOf(task))
}
