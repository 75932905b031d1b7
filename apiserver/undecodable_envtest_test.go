// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package apiserver

import (
	"context"
	"net/http"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/kube"
	"github.com/taskexec/taskexec/apiserver/schedules"
	"github.com/taskexec/taskexec/apiserver/wire"
	"github.com/taskexec/taskexec/hack/undecodable"
)

// storedBefore stores a task, an execution and a schedule that the current schemas reject.
func storedBefore(t *testing.T, namespace, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	restore, err := undecodable.Loosen(ctx, adminClient, namespace)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
		defer cancel()
		if err := restore(ctx); err != nil {
			t.Fatal(err)
		}
	}()
	of := map[string]any{"name": "good"}
	for kind, spec := range map[string]map[string]any{
		"Task":          {"jobTemplate": map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{"overhead": map[string]any{"memory": "1e1.5", "cpu": "1e-2000000000"}}}}}},
		"TaskExecution": {"taskRef": of, "timeout": "5 parsecs"},
		"TaskSchedule":  {"taskRef": of, "schedule": "@daily", "jitter": "5 parsecs"},
	} {
		if err := adminClient.Create(t.Context(), undecodable.Object(kind, namespace, name, map[string]any{"spec": spec})); err != nil {
			t.Fatal(err)
		}
	}
}

// answers checks that a facade runs a namespace's task and lists its runs. When a CRD changes, the API server ends the
// watches of its kind. A list shows a new run only when the facade's cache watches again.
func (l lab) answers(t *testing.T) {
	t.Helper()
	id := l.execute(t, "good")
	until(t, "the list has the new run", func() bool {
		return slices.ContainsFunc(ok[[]wire.Execution](t, l, "GET", "/tasks/running/good", ""), func(run wire.Execution) bool {
			return run.ExecutionID == id
		})
	})
	ok[wire.Execution](t, l, "GET", "/tasks/running/execution/"+id, "")
	ok[[]schedules.Schedule](t, l, "GET", "/triggers/cron", "")
}

// A facade starts although the cluster has objects that do not decode, and continues when such objects appear later. It
// lists them and does not run them.
func TestCase21FacadeShowsTheOthers(t *testing.T) {
	one := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "facade-"}}
	if err := adminClient.Create(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	two := newLab(t)
	two.task(t, "good")
	storedBefore(t, one.Name, "before")
	all := facadeOf(t, metav1.NamespaceAll)
	in := func(namespace string) lab {
		store := all.store.In(namespace)
		return lab{facade(store), store, namespace}
	}
	in(two.namespace).answers(t)
	storedBefore(t, one.Name, "watched")
	in(two.namespace).answers(t)
	for _, name := range []string{"before", "watched"} {
		until(t, name+" is seen", func() bool {
			task, err := in(one.Name).store.Task(t.Context(), name)
			return err == nil && task != nil && len(task.Undecoded) == 2
		})
		wantProblem(t, call(t, in(one.Name), "POST", "/tasks/"+name+"/execute/api", ""), http.StatusConflict, v1alpha1.ReasonUndecodable)
		ok[wire.Execution](t, in(one.Name), "GET", "/tasks/running/execution/"+name, "")
		ok[schedules.Schedule](t, in(one.Name), "GET", "/triggers/cron/"+name, "")
		wantProblem(t, call(t, in(one.Name), "POST", "/triggers/cron/"+name+"/toggle", ""), http.StatusConflict, "spec.jitter")
		// The cancel is a patch, so it leaves the undecodable field unchanged.
		if outcome, err := in(one.Name).store.Cancel(t.Context(), name, v1alpha1.CancelRequest{}); err != nil || outcome != kube.CancelAccepted {
			t.Errorf("cancelling: %v %v", outcome, err)
		}
	}
	until(t, "the list has both tasks", func() bool { return len(ok[[]wire.Task](t, in(one.Name), "GET", "/tasks", "")) == 2 })
	// A restarted facade, and one that must use live reads.
	facadeOf(t, metav1.NamespaceAll)
	live := &v1alpha1.Task{}
	if found, err := in(one.Name).store.GetLive(t.Context(), "before", live); err != nil || !found || len(live.Undecoded) != 2 {
		t.Errorf("read live: %v %v %s", found, err, live.Undecoded)
	}
}
