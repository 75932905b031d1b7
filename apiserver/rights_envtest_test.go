// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package apiserver

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/schedule"
)

// writing is a rule that allows all writes of these kinds, but neither execute nor status updates.
func writing(resources ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: resources, Verbs: []string{"create", "get", "list", "update", "patch", "delete"}}
}

// executing is a rule that allows its user to run one Task.
func executing(task string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"tasks"}, ResourceNames: []string{task}, Verbs: []string{"execute"}}
}

// writer creates an account that may write all kinds and execute only the Task "mine". It returns the account's client.
func (l gatedLab) writer(t *testing.T) client.Client {
	t.Helper()
	l.serviceAccount(t, "ann", "", writing("tasks"), writing("taskexecutions"), writing("taskschedules"), executing("mine"))
	return kubectlAs(t, l.userName("ann"))
}

// execution returns an execution as a user writes it for kubectl.
func (l gatedLab) execution(name, task string) *v1alpha1.TaskExecution {
	e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: l.namespace, Name: name}}
	e.Spec.TaskRef.Name = task
	return e
}

func (l gatedLab) schedule(name, task string, change ...func(*v1alpha1.TaskScheduleSpec)) *v1alpha1.TaskSchedule {
	s := &v1alpha1.TaskSchedule{ObjectMeta: metav1.ObjectMeta{Namespace: l.namespace, Name: name}}
	s.Spec.TaskRef.Name, s.Spec.Schedule, s.Spec.CatchUpLimit = task, "@yearly", 1
	for _, c := range change {
		c(&s.Spec)
	}
	return s
}

func (l gatedLab) taskOf(name string, annotations map[string]string) *v1alpha1.Task {
	task := &v1alpha1.Task{ObjectMeta: metav1.ObjectMeta{Namespace: l.namespace, Name: name, Annotations: annotations}}
	task.Spec.JobTemplate.Spec.Template.Spec.Containers = []corev1.Container{{Name: "main", Image: "x"}}
	return task
}

// apply sends the same request as kubectl apply --server-side.
func apply(t *testing.T, c client.Client, o *unstructured.Unstructured) error {
	t.Helper()
	return c.Patch(t.Context(), o, client.Apply, client.FieldOwner("kubectl"), client.ForceOwnership) //nolint:staticcheck // an object without a generated type
}

func applied(kind, namespace string, spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": v1alpha1.GroupVersion.String(), "kind": kind,
		"metadata": map[string]any{"namespace": namespace, "name": "applied"}, "spec": spec,
	}}
}

// patched sends a patch.
func patched(t *testing.T, c client.Client, o client.Object, kind types.PatchType, patch string) error {
	t.Helper()
	return c.Patch(t.Context(), o, client.RawPatch(kind, []byte(patch)))
}

// Creating an execution with kubectl, in any way, requires the right to run its Task.
func TestCase43ExecutionsOfKubectl(t *testing.T) {
	l := newGatedLab(t, apiServer, "taskexec")
	l.task(t, "mine")
	l.task(t, "other")
	ann := l.writer(t)
	l.withPolicies(t, labelPolicies)
	for way, create := range map[string]func(c client.Client, task string) error{
		"create": func(c client.Client, task string) error { return c.Create(t.Context(), l.execution("created", task)) },
		"dry run": func(c client.Client, task string) error {
			return c.Create(t.Context(), l.execution("rehearsed", task), client.DryRunAll)
		},
		"server apply": func(c client.Client, task string) error {
			return apply(t, c, applied("TaskExecution", l.namespace, map[string]any{"taskRef": map[string]any{"name": task}}))
		},
		"generateName": func(c client.Client, task string) error {
			e := l.execution("", task)
			e.GenerateName = "generated-"
			return c.Create(t.Context(), e)
		},
		"cancelled from the start": func(c client.Client, task string) error {
			e := l.execution("cancelled", task)
			e.Spec.Cancel = &v1alpha1.CancelRequest{Reason: "x"}
			return c.Create(t.Context(), e)
		},
		"delete and create": func(c client.Client, task string) error {
			if err := adminClient.Create(t.Context(), l.execution("again", "mine")); client.IgnoreAlreadyExists(err) != nil {
				t.Fatal(err)
			}
			if err := c.Delete(t.Context(), l.execution("again", "mine")); err != nil {
				t.Fatal(err)
			}
			return c.Create(t.Context(), l.execution("again", task))
		},
	} {
		t.Run(way, func(t *testing.T) {
			for _, task := range []string{"other", "not-there"} {
				wantForbidden(t, create(ann, task), fmt.Sprintf(`to run the Task %q, %s needs the verb execute on it`, task, l.userName("ann")))
			}
			if err := create(ann, "mine"); err != nil {
				t.Error(err)
			}
		})
	}
	// Other changes stay allowed, also on another Task's run: cancels, labels, deletion.
	if err := adminClient.Create(t.Context(), l.execution("of-other", "other")); err != nil {
		t.Fatal(err)
	}
	if err := patched(t, ann, l.execution("of-other", "other"), types.MergePatchType, `{"metadata":{"labels":{"team":"a"}},"spec":{"cancel":{"reason":"x"}}}`); err != nil {
		t.Error(err)
	}
	if err := ann.Delete(t.Context(), l.execution("of-other", "other")); err != nil {
		t.Error(err)
	}
}

// scheduleChanges are changes of one field each, and some others.
var scheduleChanges = map[string]func(*v1alpha1.TaskScheduleSpec){
	"nothing":          func(*v1alpha1.TaskScheduleSpec) {},
	"suspend":          func(s *v1alpha1.TaskScheduleSpec) { s.Suspend = !s.Suspend },
	"taskRef":          func(s *v1alpha1.TaskScheduleSpec) { s.TaskRef.Name = "another" },
	"schedule":         func(s *v1alpha1.TaskScheduleSpec) { s.Schedule = "@monthly" },
	"timeZone":         func(s *v1alpha1.TaskScheduleSpec) { s.TimeZone = "Asia/Shanghai" },
	"jitter":           func(s *v1alpha1.TaskScheduleSpec) { s.Jitter = &metav1.Duration{Duration: time.Minute} },
	"startingDeadline": func(s *v1alpha1.TaskScheduleSpec) { s.StartingDeadline = &metav1.Duration{Duration: time.Hour} },
	"catchUpLimit":     func(s *v1alpha1.TaskScheduleSpec) { s.CatchUpLimit = 100 },
	"params": func(s *v1alpha1.TaskScheduleSpec) {
		s.Params = &apiextensionsv1.JSON{Raw: []byte(`{"mid":[2,{"a":"b"}]}`)}
	},
	"labels":  func(s *v1alpha1.TaskScheduleSpec) { s.Labels = map[string]string{"team": "billing"} },
	"timeout": func(s *v1alpha1.TaskScheduleSpec) { s.Timeout = &metav1.Duration{Duration: time.Second} },
	"timeout and off": func(s *v1alpha1.TaskScheduleSpec) {
		s.Timeout, s.Suspend = &metav1.Duration{Duration: time.Second}, true
	},
}

// The policy and the facade judge each change of a schedule alike.
func TestCase43SchedulesOfKubectl(t *testing.T) {
	l := newGatedLab(t, apiServer, "taskexec")
	ann := l.writer(t)
	l.withPolicies(t, labelPolicies)
	for _, s := range []*v1alpha1.TaskSchedule{l.schedule("new", "other"), l.schedule("new-off", "other", func(s *v1alpha1.TaskScheduleSpec) { s.Suspend = true })} {
		wantForbidden(t, ann.Create(t.Context(), s), `a schedule runs the Task "other", so `+l.userName("ann")+` needs the verb execute on it`)
	}
	wantForbidden(t, apply(t, ann, applied("TaskSchedule", l.namespace, map[string]any{
		"taskRef": map[string]any{"name": "other"}, "schedule": "* * * * *",
	})), `a schedule runs the Task "other"`)
	if err := ann.Create(t.Context(), l.schedule("mine", "mine")); err != nil {
		t.Error(err)
	}
	wantForbidden(t, patched(t, ann, l.schedule("mine", ""), types.JSONPatchType, `[{"op":"replace","path":"/spec/taskRef/name","value":"other"}]`), "needs the verb execute")
	for name, change := range scheduleChanges {
		for _, suspended := range []bool{false, true} {
			s := l.schedule(fmt.Sprintf("s-%d", time.Now().UnixNano()), "other", func(s *v1alpha1.TaskScheduleSpec) {
				s.Suspend, s.Params = suspended, &apiextensionsv1.JSON{Raw: []byte(`{"mid":[1,{"a":"b"}]}`)}
			})
			if err := adminClient.Create(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			before := s.Spec.DeepCopy()
			change(&s.Spec)
			s.Labels = map[string]string{"team": "a"}
			err := ann.Update(t.Context(), s)
			if takes := schedule.StartsRuns(before, &s.Spec); (err != nil) != takes {
				t.Errorf("%s of one that is suspended=%t: %v, want refused=%t", name, suspended, err, takes)
			}
			if err != nil {
				wantForbidden(t, err, "needs the verb execute")
			}
		}
	}
}

// A run on change is a run: requesting it requires the right to run the Task.
func TestCase43RunOnChangeOfKubectl(t *testing.T) {
	l := newGatedLab(t, apiServer, "taskexec")
	ann := l.writer(t)
	l.withPolicies(t, labelPolicies)
	onChange := map[string]string{v1alpha1.AnnotationRunOnChange: "true"}
	const says = "needs the verb execute on it"
	wantForbidden(t, ann.Create(t.Context(), l.taskOf("other", onChange)), says)
	for _, fine := range []*v1alpha1.Task{l.taskOf("plain", nil), l.taskOf("mine", onChange), l.taskOf("off", map[string]string{v1alpha1.AnnotationRunOnChange: "false"})} {
		if err := ann.Create(t.Context(), fine); err != nil {
			t.Error(err)
		}
	}
	if err := adminClient.Create(t.Context(), l.taskOf("runs", onChange)); err != nil {
		t.Fatal(err)
	}
	const description = `{"spec":{"description":"changed"}}`
	for name, c := range map[string]struct {
		task, patch string
		refused     bool
	}{
		"the annotation is set":         {"plain", `{"metadata":{"annotations":{"taskexec.dev/run-on-change":"true"}}}`, true},
		"it is switched on":             {"off", `{"metadata":{"annotations":{"taskexec.dev/run-on-change":"true"}}}`, true},
		"the spec changes":              {"runs", description, true},
		"spec and annotation change":    {"plain", `{"metadata":{"annotations":{"taskexec.dev/run-on-change":"true"}},"spec":{"description":"x"}}`, true},
		"a label is set":                {"runs", `{"metadata":{"labels":{"team":"a"}}}`, false},
		"the spec of another changes":   {"plain", description, false},
		"the spec of one's own changes": {"mine", description, false},
		"the annotation is taken away":  {"off", `{"metadata":{"annotations":{"taskexec.dev/run-on-change":null}}}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := patched(t, ann, l.taskOf(c.task, nil), types.MergePatchType, c.patch)
			if c.refused {
				wantForbidden(t, err, says)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	if err := patched(t, ann, l.taskOf("runs", nil), types.MergePatchType, `{"metadata":{"annotations":{"taskexec.dev/run-on-change":null}},"spec":{"description":"x"}}`); err != nil {
		t.Errorf("taking the annotation away, with a change: %v", err)
	}
}

// The policies do not restrict users with the roles of config or the cluster's own roles.
func TestCase43RolesMayWhatTheyMight(t *testing.T) {
	l := newGatedLab(t, apiServer, "taskexec")
	l.task(t, "sync")
	users := map[string]bool{"viewer": false, "runner": true, "editor": true, "admin": true}
	kubectl := map[string]client.Client{}
	for name := range users {
		l.serviceAccount(t, name, "", clusterRole(t, name).Rules...)
		kubectl[name] = kubectlAs(t, l.userName(name))
	}
	l.withPolicies(t, labelPolicies, labelCaller)
	kubectl["cluster-admin"], users["cluster-admin"] = adminClient, true
	for name, may := range users {
		err := kubectl[name].Create(t.Context(), l.execution("of-"+name, "sync"))
		if (err == nil) != may {
			t.Errorf("%s creates an execution: %v", name, err)
		}
		writes := name != "viewer" && name != "runner"
		if err := kubectl[name].Create(t.Context(), l.schedule("of-"+name, "sync")); (err == nil) != writes {
			t.Errorf("%s creates a schedule: %v", name, err)
		}
		if err := kubectl[name].Create(t.Context(), l.taskOf("of-"+name, map[string]string{v1alpha1.AnnotationRunOnChange: "true"})); (err == nil) != writes {
			t.Errorf("%s creates a Task that runs on change: %v", name, err)
		}
	}
}
