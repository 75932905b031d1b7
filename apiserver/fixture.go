package apiserver

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/go-chi/chi/v5"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// aTask with the parameters' schema, or none.
func aTask(name string, schema ...string) *v1alpha1.Task {
	task := &v1alpha1.Task{ObjectMeta: metav1.ObjectMeta{Name: name, Generation: 1}}
	if len(schema) > 0 {
		task.Spec.Parameters = rawJSON(strings.Join(schema, ""))
	}
	return task
}

// anExecution of a task, in a phase, so many seconds old when the clock of newFakeStore began.
func anExecution(name, task string, phase v1alpha1.Phase, age ...int) *v1alpha1.TaskExecution {
	created := time.Date(2025, 11, 25, 11, 5, 0, 0, time.UTC).Add(-time.Duration(cmp.Or(append(age, 0)...)) * time.Second)
	e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(created)}}
	e.Spec.TaskRef.Name = task
	e.Spec.Trigger.Source = v1alpha1.TriggerManual
	e.Status.Phase, e.Status.Origin = phase, v1alpha1.OriginProven
	return e
}

// took is an execution that ran for so many milliseconds.
func took(name, task string, phase v1alpha1.Phase, milliseconds int) *v1alpha1.TaskExecution {
	e := anExecution(name, task, phase)
	begun := metav1.NewTime(e.CreationTimestamp.Time)
	ended := metav1.NewTime(begun.Add(time.Duration(milliseconds) * time.Millisecond))
	e.Status.StartTime, e.Status.CompletionTime = &begun, &ended
	return e
}

func rawJSON(raw string) *apiextensionsv1.JSON { return &apiextensionsv1.JSON{Raw: []byte(raw)} }

func limited(policy v1alpha1.ConcurrencyPolicy, maxRunning, maxQueued *int32) *v1alpha1.Task {
	task := aTask("sync")
	task.Spec.Concurrency = &v1alpha1.ConcurrencySpec{Policy: policy, MaxRunning: maxRunning, MaxQueued: maxQueued}
	return task
}

// inPhases gives executions of the task, and some of another that do not count.
func inPhases(phases ...v1alpha1.Phase) (out []*v1alpha1.TaskExecution) {
	for i, p := range phases {
		out = append(out, anExecution(fmt.Sprint("run-", i), "sync", p, i), anExecution(fmt.Sprint("other-", i), "other", p, i))
	}
	return out
}

// withContainer gives a task something to run.
func withContainer(task *v1alpha1.Task) *v1alpha1.Task {
	task.Spec.JobTemplate.Spec.Template.Spec.Containers = []corev1.Container{{Name: "main", Image: "sync:1"}}
	return task
}

// newRoutedRequest is one that the router has seen, at a path without parameters.
func newRoutedRequest(t *testing.T, path string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	return r.WithContext(context.WithValue(r.Context(), chi.RouteCtxKey, chi.NewRouteContext()))
}
