// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// explanation is the explanation in the REST API.
type explanation struct {
	Reason   string `json:"reason"`
	Sentence string `json:"sentence"`
	Advice   string `json:"advice"`
	Facts    []struct{ Source, Name, Text string }
	Complete bool `json:"complete"`
}

// explained waits until a run's explanation has a reason. It fails if the facade could not read every source of the
// explanation in time.
func explained(t *testing.T, id, reason string) (x explanation) {
	t.Helper()
	eventually(t, "execution "+id+" is explained by "+reason, func() (bool, string) {
		x = ask[explanation](t, "GET", "/tasks/executions/"+id+"/explain", nil)
		return x.Reason == reason && x.Complete, text(x)
	})
	return x
}

func cancel(t *testing.T, ids ...string) {
	t.Helper()
	ask[any](t, "DELETE", "/tasks/executions/cancel/by-ids", map[string]any{"executionIds": ids})
}

func TestExplainAnImage(t *testing.T) {
	t.Parallel()
	const image = "registry.invalid/no/such:image"
	task := taskOf(`true`)
	task.Spec.JobTemplate.Spec.Template.Spec.Containers[0].Image = image
	id := execute(t, given(t, task), nil)
	if x := explained(t, id, v1alpha1.ReasonImagePullBackOff); !strings.Contains(x.Sentence, `"`+image+`"`) || x.Advice == "" {
		t.Errorf("got %s", text(x))
	}
	cancel(t, id)
}

func TestExplainNoNode(t *testing.T) {
	t.Parallel()
	task := taskOf(`true`)
	task.Spec.JobTemplate.Spec.Template.Spec.NodeSelector = map[string]string{"taskexec.dev/no-such": "node"}
	id := execute(t, given(t, task), nil)
	if x := explained(t, id, "Unschedulable"); !strings.Contains(x.Sentence, "its pod cannot be scheduled: 0/") {
		t.Errorf("got %s", text(x))
	}
	cancel(t, id)
}

func TestExplainAnExitCode(t *testing.T) {
	t.Parallel()
	id := execute(t, given(t, taskOf(`echo "ERROR: no such user" >&2; exit 3`)), nil)
	polled(t, id)
	x := explained(t, id, v1alpha1.ReasonNonZeroExit)
	if !strings.Contains(x.Sentence, "exit code 3") || !strings.Contains(text(x.Facts), "no such user") {
		t.Errorf("got %s", text(x))
	}
}

func TestExplainTheQueue(t *testing.T) {
	t.Parallel()
	name := given(t, limitedTo(taskOf(`echo begun; exec sleep 300`), v1alpha1.ConcurrencyQueue, 1))
	first := execute(t, name, nil)
	printed(t, first, "begun")
	if x := explained(t, first, v1alpha1.ReasonContainerStarted); !strings.HasPrefix(x.Sentence, "It has been running for ") {
		t.Errorf("the first: %s", text(x))
	}
	second := execute(t, name, nil)
	if x := explained(t, second, v1alpha1.ReasonConcurrencyLimit); !strings.Contains(x.Sentence, first) {
		t.Errorf("the second: %s", text(x))
	}
	cancel(t, first, second)
	if x := ask[explanation](t, "GET", "/tasks/executions/"+second+"/explain", nil); !strings.Contains(x.Sentence, "cancelled") {
		t.Errorf("after its cancel: %s", text(x))
	}
}

// A dry run shows the Job that the controller creates, except for the names of the execution.
func TestDryRunIsTheRealJob(t *testing.T) {
	t.Parallel()
	task := taskOf(`true`)
	task.Spec.Retries = 2
	task.Spec.Parameters = schema(`{"type":"object","properties":{"force":{"type":"boolean","default":true}}}`)
	name := given(t, task)
	body := map[string]any{"params": params{"mid": 12345678901234567, "text": "$(x) <y> 同", "f": 0.5}}
	foreseen := ask[struct {
		Outcome string
		Job     *batchv1.Job
	}](t, "POST", "/tasks/"+name+"/execute/api?dryRun=true", body)
	if foreseen.Outcome != "start" {
		t.Errorf("outcome %q", foreseen.Outcome)
	}
	if list := ask[[]execution](t, "GET", "/tasks/running/"+name, nil); len(list) != 0 {
		t.Fatalf("a dry run made %s", text(list))
	}
	unnamed := func(job *batchv1.Job, id, uid string) string {
		spec := job.Spec.DeepCopy()
		spec.Selector = nil
		for label := range spec.Template.Labels {
			if strings.HasPrefix(label, "batch.kubernetes.io/") || label == "controller-uid" || label == "job-name" {
				delete(spec.Template.Labels, label)
			}
		}
		return strings.NewReplacer(id, "ID", uid, "ID").Replace(text(spec))
	}
	const unknown = "00000000-0000-0000-0000-000000000000"
	defaulted := foreseen.Job.DeepCopy()
	delete(defaulted.Labels, v1alpha1.LabelExecutionUID)                          // only the controller may create a Job with it
	if err := kube.Create(t.Context(), defaulted, client.DryRunAll); err != nil { // the API server sets its defaults
		t.Fatal(err)
	}
	id := ask[execution](t, "POST", "/tasks/"+name+"/execute/api", body).ExecutionID
	uid := string(resource(t, id).UID)
	var made []batchv1.Job
	eventually(t, "its Job is there", func() (bool, string) {
		made = jobsOf(t, uid)
		return len(made) == 1, text(made)
	})
	if want, got := unnamed(defaulted, unknown, unknown), unnamed(&made[0], id, uid); want != got {
		t.Errorf("foreseen %s\nmade     %s", want, got)
	}
	polled(t, id)
}

func TestRerun(t *testing.T) {
	t.Parallel()
	name := given(t, taskOf(`echo "mid $TASK_PARAM_MID"; [ "$TASK_PARAM_MID" = 2 ]`))
	first := execute(t, name, params{"mid": 1})
	if e := polled(t, first); e.Status != "failed" {
		t.Fatalf("the first: %s", text(e))
	}
	type rerun struct {
		execution
		RerunOf string `json:"rerunOf"`
	}
	same := ask[rerun](t, "POST", "/tasks/executions/"+first+"/rerun", nil)
	other := ask[rerun](t, "POST", "/tasks/executions/"+first+"/rerun", map[string]any{"params": params{"mid": 2}})
	for want, r := range map[string]rerun{"failed": same, "completed": other} {
		if e := polled(t, r.ExecutionID); e.Status != want || r.RerunOf != first {
			t.Errorf("want %s, got %s, a rerun of %q", want, text(e), r.RerunOf)
		}
	}
	if again := ask[rerun](t, "GET", "/tasks/running/execution/"+other.ExecutionID, nil); again.RerunOf != first {
		t.Errorf("read: %s", text(again))
	}
}
