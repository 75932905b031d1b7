// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/rand"
)

// secretTask checks its password by digest and prints it, as a careless program does.
const secretTask = `echo "login as $TASK_PARAM_USER with $TASK_PARAM_PASSWORD"
echo "params=$TASK_PARAMS"
echo "digest=$(printf %s "$TASK_PARAM_PASSWORD" | sha256sum | cut -c1-64)"`

const secretSchema = `{"type":"object","required":["user","password"],"properties":{
	"user":{"type":"string"},"password":{"type":"string","minLength":8,"writeOnly":true}}}`

// secretStaysSecret checks that a value reached the container, and appears neither in REST nor in the output of
// kubectl.
func secretStaysSecret(t *testing.T, id, task, value string) {
	t.Helper()
	e := polled(t, id)
	digest := sha256.Sum256([]byte(value))
	got := messages(e.Logs)
	for _, want := range []string{"digest=" + hex.EncodeToString(digest[:]), `params={"user":"ann"}`, "login as ann with [redacted]"} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("the log lacks %q:\n%s", want, got)
		}
	}
	for where, text := range map[string]string{
		"the execution": string(call(t, "GET", "/tasks/running/execution/"+id, nil).body),
		"the list":      string(call(t, "GET", "/tasks/running/"+task, nil).body),
		"kubectl get":   kubectl(t, "", "get", "te,jobs,pods,configmaps,events", "-o", "yaml"),
		"describe":      kubectl(t, "", "describe", "te/"+id),
	} {
		if strings.Contains(text, value) {
			t.Errorf("the value stands in %s", where)
		}
	}
}

func TestSecretParam(t *testing.T) {
	t.Parallel()
	task := taskOf(secretTask)
	task.Spec.Parameters = schema(secretSchema)
	name := given(t, task)
	value := "$(id) " + rand.String(20)
	answer := call(t, "POST", "/tasks/"+name+"/execute/api", map[string]any{"params": params{"user": "ann", "password": value}})
	if answer.code != 200 || strings.Contains(string(answer.body), value) {
		t.Fatalf("got %s", answer.text())
	}
	id := listed(t, name, 1)[0].ExecutionID
	secretStaysSecret(t, id, name, value)
	secret := resource(t, id).Spec.SecretParams.SecretName
	if kubectl(t, "", "get", "secret", secret, "-o", "name") == "" {
		t.Error("there is no Secret")
	}
	kubectl(t, "", "delete", "te", id)
	eventually(t, "the Secret goes with its execution", func() (bool, string) {
		left := kubectl(t, "", "get", "secret", secret, "-o", "name", "--ignore-not-found")
		return left == "", left
	})

	short := call(t, "POST", "/tasks/"+name+"/execute/api", map[string]any{"params": params{"user": "ann", "password": value[:7]}})
	if short.code != 400 || strings.Contains(string(short.body), value[:7]) {
		t.Errorf("a value that does not fit: %s", short.text())
	}
}

func TestSecretParamByKubectl(t *testing.T) {
	t.Parallel()
	task := taskOf(secretTask)
	task.Spec.Parameters = schema(secretSchema)
	name := given(t, task)
	value := rand.String(20)
	execution := func(name, params string) string {
		return `
---
apiVersion: taskexec.dev/v1alpha1
kind: TaskExecution
metadata:
  name: ` + name + `
  labels: {` + testLabel + `: "true"}
spec:
  taskRef: {name: ` + task.Name + `}
` + params
	}
	kubectl(t, `
apiVersion: v1
kind: Secret
metadata:
  name: `+name+`
  labels: {taskexec.dev/params: "true", `+testLabel+`: "true"}
stringData: {password: "`+value+`"}
`+execution(name, "  params: {user: ann}\n  secretParams: {secretName: "+name+", names: [password]}\n")+
		execution(name+"-plain", "  params: {user: ann, password: readable}\n"), "apply", "-f", "-")
	t.Cleanup(func() {
		secret := &corev1.Secret{ObjectMeta: objectMeta(name)}
		if err := kube.Delete(context.Background(), secret); err != nil {
			t.Error(err)
		}
	})
	secretStaysSecret(t, name, name, value)
	if e := polled(t, name+"-plain"); e.Reason != "SensitiveParamReadable" || strings.Contains(text(e), "readable\"") {
		t.Errorf("a sensitive param in spec.params: %s", text(e))
	}
}
