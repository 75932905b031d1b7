// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package gitops tests the files of config/ for GitOps tools as these tools run them. It is a module of its own,
// because it needs the Lua of Argo CD.
package gitops_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/cel-go/cel"
	lua "github.com/yuin/gopher-lua"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// object decodes an object from JSON, as the API server sends it.
func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// toLua converts an object to Lua, as Argo CD does.
func toLua(l *lua.LState, value any) lua.LValue {
	switch v := value.(type) {
	case bool:
		return lua.LBool(v)
	case float64:
		return lua.LNumber(v)
	case string:
		return lua.LString(v)
	case []any:
		table := l.NewTable()
		for _, child := range v {
			table.Append(toLua(l, child))
		}
		return table
	case map[string]any:
		table := l.NewTable()
		for key, child := range v {
			table.RawSetString(key, toLua(l, child))
		}
		return table
	default:
		return lua.LNil
	}
}

// health runs a health check with the Lua libraries that Argo CD opens. The libraries for strings and files are
// missing.
func health(t *testing.T, script string, o map[string]any) (status, message string) {
	t.Helper()
	l := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer l.Close()
	for _, lib := range []struct {
		name string
		open lua.LGFunction
	}{{lua.LoadLibName, lua.OpenPackage}, {lua.BaseLibName, lua.OpenBase}, {lua.TabLibName, lua.OpenTable}} {
		l.Push(l.NewFunction(lib.open))
		l.Push(lua.LString(lib.name))
		l.Call(1, 0)
	}
	l.SetGlobal("obj", toLua(l, o))
	if err := l.DoString(script); err != nil {
		t.Fatal(err)
	}
	result, ok := l.Get(-1).(*lua.LTable)
	if !ok {
		t.Fatalf("the check returned %s", l.Get(-1).Type())
	}
	return result.RawGetString("status").String(), result.RawGetString("message").String()
}

func TestArgoCDHealth(t *testing.T) {
	raw, err := os.ReadFile("../../config/argocd/argocd-cm.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var config corev1.ConfigMap
	if err := yaml.UnmarshalStrict(raw, &config); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ kind, object, status, message string }{
		"a Task without a status": {"Task", `{"metadata":{"generation":1}}`, "Progressing", "not judged"},
		"a Task not judged":       {"Task", `{"metadata":{"generation":1},"status":{"observedGeneration":-1}}`, "Progressing", "not judged"},
		"a Task that changed":     {"Task", `{"metadata":{"generation":2},"status":{"observedGeneration":1,"conditions":[{"type":"Ready","status":"True","message":"fine"}]}}`, "Progressing", "not judged"},
		"a Task that can be run":  {"Task", `{"metadata":{"generation":1},"status":{"observedGeneration":1,"conditions":[{"type":"Ready","status":"True","message":"fine"}]}}`, "Healthy", "fine"},
		"a Task that cannot":      {"Task", `{"metadata":{"generation":1},"status":{"observedGeneration":1,"conditions":[{"type":"Stalled","status":"True"},{"type":"Ready","status":"False","message":"no image"}]}}`, "Degraded", "no image"},
		"a Task that may":         {"Task", `{"metadata":{"generation":1},"status":{"observedGeneration":1,"conditions":[{"type":"Ready","status":"Unknown","message":"quota"}]}}`, "Progressing", "quota"},
		"a run not looked at":     {"TaskExecution", `{"metadata":{"generation":1},"status":{"observedGeneration":-1}}`, "Progressing", "not looked at"},
		"a run that is queued":    {"TaskExecution", `{"status":{"phase":"Queued","reason":"LimitReached","message":"3 run"}}`, "Progressing", "Queued: LimitReached: 3 run"},
		"a run that waits":        {"TaskExecution", `{"status":{"phase":"Pending","reason":"JobCreated"}}`, "Progressing", "Pending: JobCreated"},
		"a run that runs":         {"TaskExecution", `{"status":{"phase":"Running","reason":"ContainerStarted"}}`, "Progressing", "Running"},
		"a run that stops":        {"TaskExecution", `{"status":{"phase":"Cancelling","reason":"CancelRequested"}}`, "Progressing", "Cancelling"},
		"a run that completed":    {"TaskExecution", `{"status":{"phase":"Completed","reason":"Completed"}}`, "Healthy", "Completed"},
		"a run that failed":       {"TaskExecution", `{"status":{"phase":"Failed","reason":"OOMKilled","message":"container \"main\" was killed"}}`, "Degraded", `Failed: OOMKilled: container "main" was killed`},
		"a run that was stopped":  {"TaskExecution", `{"status":{"phase":"Cancelled","reason":"Cancelled","message":"cancelled by ann"}}`, "Degraded", "cancelled by ann"},
	} {
		t.Run(name, func(t *testing.T) {
			script := config.Data["resource.customizations.health.taskexec.dev_"+c.kind]
			status, message := health(t, script, object(t, c.object))
			if status != c.status || !strings.Contains(message, c.message) {
				t.Errorf("%s %q, want %s %q", status, message, c.status, c.message)
			}
		})
	}
}

func TestFluxHealthExpressions(t *testing.T) {
	raw, err := os.ReadFile("../../config/flux/taskexec.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, second, _ := strings.Cut(string(raw), "\n---\n")
	var kustomization struct {
		Spec struct {
			HealthCheckExprs []map[string]string `json:"healthCheckExprs"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal([]byte(second), &kustomization); err != nil {
		t.Fatal(err)
	}
	if n := len(kustomization.Spec.HealthCheckExprs); n != 1 {
		t.Fatalf("%d healthCheckExprs", n)
	}
	exprs := kustomization.Spec.HealthCheckExprs[0]
	env, err := cel.NewEnv(cel.Variable("status", cel.DynType))
	if err != nil {
		t.Fatal(err)
	}
	for status, want := range map[string]string{
		`{"observedGeneration":-1}`: "inProgress",
		`{"phase":"Queued"}`:        "inProgress",
		`{"phase":"Pending"}`:       "inProgress",
		`{"phase":"Running"}`:       "inProgress",
		`{"phase":"Cancelling"}`:    "inProgress",
		`{"phase":"Completed"}`:     "current",
		`{"phase":"Failed"}`:        "failed",
		`{"phase":"Cancelled"}`:     "failed",
	} {
		for _, name := range []string{"inProgress", "failed", "current"} {
			ast, issues := env.Compile(exprs[name])
			if issues.Err() != nil {
				t.Fatalf("%s: %v", name, issues.Err())
			}
			program, err := env.Program(ast)
			if err != nil {
				t.Fatal(err)
			}
			got, _, err := program.Eval(map[string]any{"status": object(t, status)})
			if err != nil {
				t.Fatalf("%s of %s: %v", name, status, err)
			}
			if got.Value() != (name == want) {
				t.Errorf("%s of %s is %v", name, status, got.Value())
			}
		}
	}
}
