// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// The first attempt fails, because a mounted file names its pod. The second one succeeds. No container starts before
// the file exists, and the test creates it when the first pod exists.
func TestRetriedTask(t *testing.T) {
	t.Parallel()
	task := keepJob(taskOf(`if grep -q "$HOSTNAME" /verdict/fails; then echo "told to fail"; exit 1; fi; echo "told nothing"`))
	task.Spec.Retries = 1
	verdict := &corev1.ConfigMap{ObjectMeta: objectMeta(task.Name)}
	pod := &task.Spec.JobTemplate.Spec.Template.Spec
	pod.Volumes = []corev1.Volume{{Name: "verdict", VolumeSource: corev1.VolumeSource{
		ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: verdict.Name}},
	}}}
	pod.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "verdict", MountPath: "/verdict"}}
	name := given(t, task)

	id := execute(t, name, nil)
	states, err := kube.Watch(t.Context(), &v1alpha1.TaskExecutionList{}, client.InNamespace(namespace), client.MatchingFields{"metadata.name": id})
	if err != nil {
		t.Fatal(err)
	}
	defer states.Stop()
	var pods []corev1.Pod
	eventually(t, "the first attempt has a pod", func() (bool, string) {
		pods = podsOf(t, string(resource(t, id).UID))
		return len(pods) == 1, text(pods)
	})
	verdict.Data = map[string]string{"fails": pods[0].Name}
	if err := kube.Create(t.Context(), verdict); err != nil {
		t.Fatal(err)
	}
	retrying := false
	for event := range states.ResultChan() {
		e, ok := event.Object.(*v1alpha1.TaskExecution)
		if !ok {
			t.Fatalf("the watch of the execution ended: %v", event)
		}
		if e.Status.Reason == v1alpha1.ReasonRetrying && e.Status.Phase == v1alpha1.PhaseRunning {
			retrying = true
		}
		if e.Status.Phase.IsTerminal() {
			break
		}
	}
	if !retrying {
		t.Error("it never said that it tries again")
	}
	e := polled(t, id)
	if e.Status != "completed" || e.Attempts != 2 || *e.ExitCode != 0 {
		t.Errorf("want completed at the second attempt, got %s", text(e))
	}
	got := messages(e.Logs)
	if !strings.Contains(got, "told to fail\ntold nothing\n") {
		t.Errorf("want the logs of both attempts in their order:\n%s", got)
	}
	if pods := resource(t, id).Status.Pods; len(pods) != 2 || *pods[0].ExitCode != 1 || *pods[1].ExitCode != 0 {
		t.Errorf("want both pods mirrored, got %s", text(pods))
	}
	if jobs := jobsOf(t, string(resource(t, id).UID)); len(jobs) != 1 {
		t.Errorf("%d Jobs for one execution", len(jobs))
	}
}

func TestCancelAll(t *testing.T) {
	name := given(t, taskOf(`echo begun; exec sleep 300`))
	var ids []string
	for range 3 {
		ids = append(ids, execute(t, name, nil))
	}
	// Some have started and some have not. All end as cancelled.
	printed(t, ids[0], "begun")
	others := unfinished(t) - len(ids) // somebody else may be using the cluster
	answer := ask[struct{ Count int }](t, "DELETE", "/tasks/executions/cancel/all", nil)
	if answer.Count != len(ids)+others {
		t.Errorf("count %d, want %d and %d of others", answer.Count, len(ids), others)
	}
	for _, id := range ids {
		if e := status(t, id); e.Status != "cancelled" {
			t.Errorf("right after cancel/all: %s", text(e))
		}
		eventually(t, "the run is Cancelled", func() (bool, string) { e := status(t, id); return e.Phase == "Cancelled", text(e) })
		leavesNothing(t, string(resource(t, id).UID))
	}
	if again := ask[struct{ Count int }](t, "DELETE", "/tasks/executions/cancel/all", nil); again.Count != 0 {
		t.Errorf("a second cancel/all counts %d", again.Count)
	}
}

// unfinished counts the executions that cancel/all should cancel.
func unfinished(t *testing.T) (n int) {
	t.Helper()
	executions := &v1alpha1.TaskExecutionList{}
	if err := kube.List(t.Context(), executions, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	for i := range executions.Items {
		if e := &executions.Items[i]; !e.Status.Phase.IsTerminal() && e.Spec.Cancel == nil {
			n++
		}
	}
	return n
}

// Params reach the container unchanged. They are not run as code, and references in them are not expanded.
func TestCase20ParamsAreLiteral(t *testing.T) {
	t.Parallel()
	task := taskOf(`printf '%s\n' "name=$TASK_NAME" "id=$TASK_EXECUTION_ID" "evil=$TASK_PARAM_EVIL" "mid=$TASK_PARAM_MID" "force=$TASK_PARAM_FORCE" "params=$TASK_PARAMS"`)
	task.Spec.Parameters = schema(`{"type":"object","required":["mid"],"properties":{
		"mid":{"type":"integer"},"force":{"type":"boolean","default":false},"evil":{"type":"string"}}}`)
	name := given(t, task)
	const evil = "$(rm -rf /) `id` $(TASK_NAME) $$ \"quoted\" 同步"
	id := execute(t, name, params{"mid": 12345678901234567, "evil": evil})
	e := polled(t, id)
	got := messages(e.Logs)
	for _, want := range []string{
		"name=" + name + "\n", "id=" + id + "\n", "evil=" + evil + "\n",
		"mid=12345678901234567\n", "force=false\n", `"mid":12345678901234567`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the log lacks %q:\n%s", want, got)
		}
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	task := taskOf(`true`)
	task.Spec.Parameters = schema(`{"type":"object","required":["mid"],"properties":{"mid":{"type":"integer"}}}`)
	name := given(t, task)
	for what, c := range map[string]struct {
		method, path, body string
		code               int
		says               string
	}{
		"unknown task":           {"POST", "/tasks/no-such-task/execute/manual", `{}`, 404, "no-such-task"},
		"unknown execution":      {"GET", "/tasks/running/execution/no-such-id", ``, 404, "no-such-id"},
		"unknown task's list":    {"GET", "/tasks/running/no-such-task", ``, 404, "no-such-task"},
		"malformed JSON":         {"POST", "/tasks/" + name + "/execute/api", `{"params":`, 400, ""},
		"params of a wrong type": {"POST", "/tasks/" + name + "/execute/api", `{"params":[1]}`, 400, "params"},
		"params against schema":  {"POST", "/tasks/" + name + "/execute/api", `{"params":{"mid":"x"}}`, 400, "/mid"},
		"empty list":             {"DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":[]}`, 400, "executionIds"},
		"missing list":           {"DELETE", "/tasks/executions/cancel/by-task-names", `{}`, 400, "taskNames"},
		"list of wrong type":     {"DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":"a"}`, 400, "executionIds"},
		"10 MiB body":            {"POST", "/tasks/" + name + "/execute/api", `{"params":{"mid":1,"x":"` + strings.Repeat("x", 10<<20) + `"}}`, 413, ""},
		"method not allowed":     {"PUT", "/tasks/executions/cancel/all", ``, 405, ""},
	} {
		t.Run(what, func(t *testing.T) {
			var body any
			if c.body != "" {
				body = []byte(c.body)
			}
			r := call(t, c.method, c.path, body)
			if r.code != c.code || !strings.Contains(string(r.body), c.says) {
				t.Errorf("got %d %s, want %d that speaks of %q", r.code, r.body, c.code, c.says)
			}
			if got := r.header.Get("Content-Type"); !strings.HasPrefix(got, "application/problem+json") {
				t.Errorf("an error of content type %q", got)
			}
		})
	}
}

// The API server refuses an invalid Job template. The Task's status says so, and its executions fail at once.
func TestImpossibleTemplate(t *testing.T) {
	t.Parallel()
	task := taskOf(`true`)
	task.Spec.JobTemplate.Spec.Template.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "missing", MountPath: "/x"}}
	if err := kube.Create(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	execution := &v1alpha1.TaskExecution{ObjectMeta: objectMeta(task.Name)}
	execution.Spec.TaskRef.Name = task.Name
	execution.Spec.Params = &apiextensionsv1.JSON{Raw: []byte(`{}`)}
	if err := kube.Create(t.Context(), execution); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the execution failed for the template", func() (bool, string) {
		read(t, execution)
		return execution.Status.Reason == v1alpha1.ReasonInvalidJobTemplate && execution.Status.Phase == v1alpha1.PhaseFailed, text(execution.Status)
	})
	eventually(t, "the task is not ready", func() (bool, string) {
		read(t, task)
		return strings.Contains(text(task.Status), `"status":"False"`) && strings.Contains(text(task.Status), "missing"), text(task.Status)
	})
}
