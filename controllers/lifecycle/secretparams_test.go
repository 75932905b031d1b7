// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/redact"
)

const secretValue = "hunter2hunter2"

// sensitive is a scene whose Task has a sensitive param, and whose execution names a Secret with its value.
func sensitive() *scene {
	s := given().params(`{"user":"ann"}`).task(func(spec *v1alpha1.TaskSpec) {
		spec.Parameters = schema(`{"required":["password"],"properties":{"user":{"type":"string"},
			"password":{"type":"string","minLength":8,"writeOnly":true},"pin":{"type":"integer","writeOnly":true}}}`)
	})
	s.Execution.Spec.SecretParams = &v1alpha1.SecretParams{SecretName: "login", Names: []string{"password"}}
	return s
}

// secret adds the Secret that was read, with the label for params.
func (s *scene) secret(value string, changes ...func(*corev1.Secret)) *scene {
	s.Secret = &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "login", Labels: map[string]string{v1alpha1.LabelParams: "true"}},
		Data:       map[string][]byte{"password": []byte(value), "other": []byte("not asked for")},
	}
	for _, change := range changes {
		change(s.Secret)
	}
	s.Redact = redact.New([]string{value})
	return s
}

func TestSecretParams(t *testing.T) {
	const waits = "Pending/SecretNotFound in 2s"
	unlabelled := func(secret *corev1.Secret) { secret.Labels = nil }
	owned := func(uid string) func(*corev1.Secret) {
		return func(secret *corev1.Secret) {
			secret.Labels = nil
			e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Name: "run", UID: "execution-uid"}}
			secret.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(e, v1alpha1.GroupVersion.WithKind("TaskExecution"))}
			secret.OwnerReferences[0].UID = "other"
			if uid != "" {
				secret.OwnerReferences[0].UID = e.UID
			}
		}
	}
	change := func(s *scene, f func(*scene)) *scene {
		f(s)
		return s
	}
	fresh := func(s *scene) *scene {
		s.Execution.CreationTimestamp = metav1.NewTime(noon.Add(-time.Second))
		return s
	}
	table{
		"a labelled Secret":             {sensitive().secret(secretValue), "/ create", ""},
		"the execution's own":           {sensitive().secret(secretValue, owned("ours")), "/ create", ""},
		"that of another execution":     {sensitive().secret(secretValue, owned("")), waits, ""},
		"any Secret":                    {sensitive().secret(secretValue, unlabelled), waits, `label taskexec.dev/params: "true"`},
		"any, whatever its keys":        {sensitive().secret(secretValue, unlabelled, func(s *corev1.Secret) { s.Data = nil }), waits, ""},
		"none":                          {sensitive(), waits, `no secret "login" for the sensitive params in namespace "ns": it does not exist, or lacks the label`},
		"none of a new execution":       {fresh(sensitive()), "/ in 100ms", ""},
		"none of one that was reported": {fresh(sensitive()).phase(v1alpha1.PhasePending, v1alpha1.ReasonTaskNotFound), waits, ""},
		"none for too long":             {sensitive().waitedFor(v1alpha1.ReasonSecretNotFound, 5*time.Minute), "Failed/SecretNotFound", "waited 5m0s"},
		"without the key":               {sensitive().secret(secretValue, func(s *corev1.Secret) { delete(s.Data, "password") }), waits, `no key "password"`},
		"one that may not be read":      {change(sensitive(), func(s *scene) { s.SecretTrouble = "forbidden" }), waits, "cannot be read: forbidden"},
		"a value that does not fit":     {sensitive().secret("hunter2"), "Failed/InvalidParams", "/password: does not match the schema; its value is sensitive and not shown"},
		"readable":                      {change(sensitive().params(`{"password":"hunter2hunter2"}`), func(s *scene) { s.Execution.Spec.SecretParams = nil }), "Failed/SensitiveParamReadable", `takes "password" as sensitive`},
		"readable beside a Secret":      {sensitive().params(`{"pin":1,"password":"x"}`).secret(secretValue), "Failed/SensitiveParamReadable", `"password", "pin"`},
		"not sensitive":                 {change(sensitive().secret(secretValue), func(s *scene) { s.Execution.Spec.SecretParams.Names = []string{"password", "other"} }), "Failed/InvalidParams", "/other: is not sensitive in this task"},
		"a required one is not named":   {change(sensitive(), func(s *scene) { s.Execution.Spec.SecretParams = nil }), "Failed/InvalidParams", "/password: is required"},
		"a cancel needs no Secret":      {sensitive().cancelled(), "Cancelled/Cancelled", ""},
	}.run(t)
}

// A user who may create executions but not read Secrets cannot find out which Secrets exist. A Secret that the
// execution may not use looks like a missing one, from the start until the run fails.
func TestCase61SecretsThatExistLookLikeNone(t *testing.T) {
	foreign := func(secret *corev1.Secret) { secret.Labels = nil }
	for name, at := range map[string]func(*scene) *scene{
		"at once": func(s *scene) *scene {
			s.Execution.CreationTimestamp = metav1.NewTime(noon.Add(-time.Second))
			return s
		},
		"after a time": func(s *scene) *scene { return s },
		"at the end":   func(s *scene) *scene { return s.waitedFor(v1alpha1.ReasonSecretNotFound, 5*time.Minute) },
	} {
		none, one := Decide(at(sensitive()).Observation), Decide(at(sensitive().secret(secretValue, foreign)).Observation)
		if !reflect.DeepEqual(none, one) {
			t.Errorf("%s: without the Secret %+v, with it %+v", name, none, one)
		}
	}
}

// No output contains the value of a sensitive param.
func TestSecretValuesStandNowhere(t *testing.T) {
	for name, s := range map[string]*scene{
		"started":           sensitive().secret(secretValue),
		"refused":           sensitive().secret(secretValue, func(secret *corev1.Secret) { secret.Labels = nil }),
		"in the params":     sensitive().params(`{"password":"` + secretValue + `"}`).secret(secretValue),
		"claimed by others": refusing(sensitive().secret(secretValue), "quota of "+secretValue+" exceeded"),
		"printed":           printing(sensitive().secret(secretValue).job().pod(runningFor(time.Minute)), "login with "+secretValue),
		"printed, failed":   printing(sensitive().secret(secretValue).job().pod(exited(1)).jobEnds(batchv1.JobFailed, secretValue), secretValue),
		"printed, unknown":  printing(unknowing(sensitive().job().pod(exited(0)).jobEnds(batchv1.JobComplete, "")), "login with "+secretValue),
	} {
		t.Run(name, func(t *testing.T) {
			plan := Decide(s.Observation)
			raw, err := json.Marshal([]any{plan.Status, plan.Create})
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(raw), secretValue) {
				t.Errorf("it stands in %s", raw)
			}
		})
	}
}

func refusing(s *scene, message string) *scene {
	s.Start = StartResult{Outcome: StartRefused, Message: message}
	return s
}

func printing(s *scene, message string) *scene {
	s.Log.Tail = []v1alpha1.LogEntry{{Timestamp: metav1.NewMicroTime(noon), Level: v1alpha1.LogInfo, Message: message}}
	s.Log.Lines, s.Log.Bytes, s.Log.Attempts, s.Log.Due = 1, int64(len(message)), 1, true
	return s
}

func unknowing(s *scene) *scene {
	s.Redact = nil
	return s
}

func TestSecretParamsReachTheJobByReference(t *testing.T) {
	job := Decide(sensitive().secret(secretValue).Observation).Create
	got := map[string]corev1.EnvVar{}
	for _, e := range job.Spec.Template.Spec.Containers[0].Env {
		got[e.Name] = e
	}
	from := got["TASK_PARAM_PASSWORD"].ValueFrom
	if from == nil || from.SecretKeyRef == nil || from.SecretKeyRef.Name != "login" || from.SecretKeyRef.Key != "password" {
		t.Errorf("the variable is %+v", got["TASK_PARAM_PASSWORD"])
	}
	if got["TASK_PARAMS"].Value != `{"user":"ann"}` || got["TASK_PARAM_USER"].Value != "ann" {
		t.Errorf("the others are %+v", got)
	}
}

// Values are redacted in the log. While the values are unknown, no line is shown.
func TestLogWithoutSecrets(t *testing.T) {
	known := Decide(printing(sensitive().secret(secretValue).job().pod(exited(0)).jobEnds(batchv1.JobComplete, ""), "login with "+secretValue).Observation).Status
	if len(known.Logs) != 3 || known.Logs[1].Message != "login with "+redact.Marker || known.LogSummary.DroppedEntries != 0 {
		t.Errorf("known: %+v %+v", known.Logs, known.LogSummary)
	}
	hidden := Decide(printing(unknowing(sensitive().job().pod(exited(0)).jobEnds(batchv1.JobComplete, "")), "harmless").Observation).Status
	if len(hidden.Logs) != 3 || strings.Contains(hidden.Logs[1].Message, "harmless") || hidden.LogSummary.DroppedEntries != 1 || hidden.LogSummary.Entries != 1 {
		t.Errorf("not known: %+v %+v", hidden.Logs, hidden.LogSummary)
	}
}
