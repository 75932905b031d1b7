// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apimachineryjson "k8s.io/apimachinery/pkg/util/json"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/params"
)

func TestDryRun(t *testing.T) {
	for _, source := range []string{"manual", "api"} {
		store := newFakeStore(fixture.WithContainer(fixture.Task("sync", midSchema)))
		got := ok[submit.DryRun](t, facade(store), "POST", "/tasks/sync/execute/"+source+"?dryRun=true", `{"params":{"mid":1.0e0}}`)
		if !got.DryRun || got.TaskName != "sync" || got.Outcome != "start" || got.StatusCode != 200 || got.Detail == "" || got.RerunOf != "" {
			t.Errorf("got %+v", got)
		}
		if string(got.Params) != `{"force":false,"mid":1}` {
			t.Errorf("params %s", got.Params)
		}
		if got.Job == nil || got.Job.Kind != "Job" || got.Job.APIVersion != "batch/v1" || got.Job.Namespace != "default" || !strings.HasPrefix(got.Job.Name, submit.UnknownID+"-") {
			t.Errorf("job %+v", got.Job)
		}
		var env []string
		for _, e := range got.Job.Spec.Template.Spec.Containers[0].Env {
			env = append(env, e.Name+"="+e.Value)
		}
		if diff := cmp.Diff([]string{"TASK_NAME=sync", "TASK_EXECUTION_ID=" + submit.UnknownID, `TASK_PARAMS={"force":false,"mid":1}`, "TASK_PARAM_FORCE=false", "TASK_PARAM_MID=1"}, env); diff != "" {
			t.Error(diff)
		}
		if len(store.executions)+len(store.secrets) != 0 {
			t.Error("something was written")
		}
		if got := ok[submit.Started](t, facade(store), "POST", "/tasks/sync/execute/"+source+"?dryRun=false", `{"params":{"mid":1}}`); store.executions[got.ExecutionID] == nil {
			t.Error("dryRun=false made no execution")
		}
	}
}

// A misspelled dryRun must not start a run.
func TestUnknownQueryOfExecute(t *testing.T) {
	store := newFakeStore(fixture.WithContainer(fixture.Task("sync"))).add(fixture.Execution("x", "sync", v1alpha1.PhaseCompleted))
	for _, path := range []string{"/tasks/sync/execute/manual", "/tasks/sync/execute/api", "/tasks/executions/x/rerun"} {
		for query, says := range map[string]string{
			"dryrun=true": `"dryrun" is unknown; the only parameter is dryRun`, "dryRun": `is "", want true or false`, "dryRun=1": "want true or false",
			"dryRun=True": "want true or false", "dryRun=true&dryRun=false": "2 times", "x=%zz": "is not valid", "reason=x": "is unknown",
		} {
			wantProblem(t, call(t, facade(store), "POST", path+"?"+query, ""), http.StatusBadRequest, says)
		}
	}
	if len(store.executions) != 1 {
		t.Error("a run was started")
	}
}

// A dry run refuses a wrong request as a real one does.
func TestDryRunOfWhatIsWrong(t *testing.T) {
	api := facade(newFakeStore(fixture.Task("sync", midSchema), fixture.Task("broken", `{"type":1}`)))
	for path, c := range map[string]struct {
		body string
		code int
		says string
	}{
		"/tasks/sync/execute/api":    {`{"params":{"mid":"x"}}`, 400, "must be an integer"},
		"/tasks/nothing/execute/api": {``, 404, "there is no task"},
		"/tasks/broken/execute/api":  {``, 409, "not a usable JSON Schema"},
		"/tasks/sync/execute/manual": {`{"params":`, 400, "not valid JSON"},
	} {
		for _, query := range []string{"", "?dryRun=true"} {
			wantProblem(t, call(t, api, "POST", path+query, c.body), c.code, c.says)
		}
	}
}

// The Job has no value of a sensitive param, only a reference to its Secret.
func TestDryRunWithSensitiveParams(t *testing.T) {
	store := newFakeStore(fixture.WithContainer(fixture.Task("login", loginSchema)))
	w := call(t, facade(store), "POST", loginPath+"?dryRun=true", `{"params":{"user":"ann","password":"`+hunter+`","pin":12345678}}`)
	if w.Code != http.StatusOK || strings.Contains(w.Body.String(), hunter) || strings.Contains(w.Body.String(), "12345678") {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	var got submit.DryRun
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	env := got.Job.Spec.Template.Spec.Containers[0].Env
	if env[0].Name != "TASK_PARAM_PASSWORD" || env[0].ValueFrom.SecretKeyRef.Key != "password" || strings.Join(got.SecretParams, " ") != "password pin" || string(got.Params) != `{"user":"ann"}` {
		t.Errorf("got %s", w.Body)
	}
	if len(store.executions)+len(store.secrets) != 0 {
		t.Error("something was written")
	}
}

// The Job is the one that the controller would build, except for the execution's identity.
func TestDryRunIsTheJobThatIsMade(t *testing.T) {
	const given = `{"mid": 1.0e2, "text":"$(x) <y> 同", "big":9007199254740993, "f":0.10, "deep":{"b":[1,2.50],"a":null}}`
	task := fixture.WithContainer(fixture.Task("sync", `{"properties":{"force":{"type":"boolean","default":true}}}`))
	store := newFakeStore(task)
	foreseen := ok[submit.DryRun](t, facade(store), "POST", "/tasks/sync/execute/api?dryRun=true", `{"params":`+given+`}`)
	id := ok[submit.Started](t, facade(store), "POST", "/tasks/sync/execute/api", `{"params":`+given+`}`).ExecutionID
	recorded := store.executions[id]
	recorded.Namespace, recorded.UID = "default", "uid"
	// The form in which the API server returns the params to the controller.
	var value any
	if err := apimachineryjson.Unmarshal(recorded.Spec.Params.Raw, &value); err != nil {
		t.Fatal(err)
	}
	stored, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := params.Of(task)
	if err != nil {
		t.Fatal(err)
	}
	received, problems := schema.Receive(stored)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	made, err := jobspec.Build(task, recorded, received.Effective)
	if err != nil {
		t.Fatal(err)
	}
	unnamed := func(env []corev1.EnvVar) (out []corev1.EnvVar) {
		for _, e := range env {
			switch e.Name {
			case jobspec.EnvExecutionID:
				e.Value = ""
			case jobspec.EnvParams:
				var v any
				if err := json.Unmarshal([]byte(strings.ReplaceAll(e.Value, "$$", "$")), &v); err != nil {
					t.Fatal(err)
				}
				raw, err := json.Marshal(v)
				if err != nil {
					t.Fatal(err)
				}
				e.Value = string(raw)
			}
			out = append(out, e)
		}
		return out
	}
	if diff := cmp.Diff(unnamed(made.Spec.Template.Spec.Containers[0].Env), unnamed(foreseen.Job.Spec.Template.Spec.Containers[0].Env)); diff != "" {
		t.Errorf("-made +foreseen:\n%s", diff)
	}
}

// A dry run with a used key foresees the repetition.
func TestDryRunWithAKey(t *testing.T) {
	const path = "/tasks/sync/execute/manual"
	store := newFakeStore(fixture.WithContainer(fixture.Task("sync", midSchema)))
	api := facade(store)
	dry := func(body string) (got submit.DryRun) {
		w := call(t, api, "POST", path+"?dryRun=true", body, submit.HeaderIdempotencyKey, "k")
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		return got
	}
	if got := dry(`{"params":{"mid":1}}`); got.Outcome != submit.OutcomeStart || got.ExecutionID != "" {
		t.Errorf("a new key: %+v", got)
	}
	first, replayed := submitted(t, api, path, "k", `{"params":{"mid":1}}`)
	if replayed {
		t.Error("the dry run used the key")
	}
	if got := dry(`{"params":{"mid":1}}`); got.Outcome != submit.OutcomeRepeat || got.ExecutionID != first.ExecutionID || got.StatusCode != 200 {
		t.Errorf("the same body: %+v", got)
	}
	if got := dry(`{"params":{"mid":2}}`); got.Outcome != submit.OutcomeRefuse || got.StatusCode != 409 || !strings.Contains(got.Detail, "another body") {
		t.Errorf("another body: %+v", got)
	}
}

// A dry run, and what is wrong with params, is in the language that the client accepts.
func TestDryRunInChinese(t *testing.T) {
	sync := fixture.Task("sync", `{"type":"object","properties":{"mid":{"type":"integer"}},"required":["mid"],"additionalProperties":false}`)
	suspended := fixture.Task("suspended")
	suspended.Spec.Suspended = true
	api := facade(newFakeStore(fixture.WithContainer(sync), fixture.WithContainer(suspended)))
	for _, c := range []struct {
		task, body, accept, language string
		status                       int
		says                         string
	}{
		{"sync", `{"params":{"mid":1}}`, "zh-CN,zh;q=0.9", "zh-Hans", http.StatusOK, `"detail":"会立即启动"`},
		{"sync", `{"params":{"mid":1}}`, "", "en", http.StatusOK, `"detail":"it would start at once"`},
		{"suspended", ``, "zh", "zh-Hans", http.StatusOK, `"detail":"任务 \"suspended\" 已暂停，不接受新的执行（spec.suspended）"`},
		{"sync", `{"params":{"mid":"x"}}`, "zh", "zh-Hans", http.StatusBadRequest, `"errors":[{"pointer":"/params/mid","detail":"应为整数，而不是字符串"}]`},
		{"sync", `{"params":{"mid":"x"}}`, "zh", "zh-Hans", http.StatusBadRequest, `"detail":"参数不符合任务的 Schema：/mid：应为整数，而不是字符串"`},
		{"sync", `{}`, "de, en", "en", http.StatusBadRequest, `"errors":[{"pointer":"/params/mid","detail":"is required"}]`},
		{"nothing", ``, "zh", "", http.StatusNotFound, `there is no task`},
	} {
		w := call(t, api, "POST", "/tasks/"+c.task+"/execute/api?dryRun=true", c.body, "Accept-Language", c.accept)
		if w.Code != c.status || w.Header().Get("Content-Language") != c.language || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s in %q: %d %v %s, want %s", c.body, c.accept, w.Code, w.Header(), w.Body, c.says)
		}
	}
}
