// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

const hunter = "hunter2hunter2"

// leaking is a careless program: it prints the sensitive value.
type leaking struct{}

func (leaking) Open(context.Context, source.Request) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("2026-01-02T03:04:05Z login with " + hunter + "\n")), nil
}

func leaky(o *controllers.Options) { o.LogSource = leaking{} }

// login creates a Task with a sensitive param, and returns an execution that takes it from a Secret.
func login(t *testing.T) *v1alpha1.TaskExecution {
	t.Helper()
	ns := namespace(t)
	task := newTask(ns)
	task.Spec.Parameters = &apiextensionsv1.JSON{Raw: []byte(`{"required":["password"],"properties":{"password":{"type":"string","minLength":8,"writeOnly":true}}}`)}
	create(t, task)
	e := newExecution(ns)
	e.Spec.SecretParams = &v1alpha1.SecretParams{SecretName: "login", Names: []string{"password"}}
	return e
}

func loginSecret(namespace string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "login", Labels: map[string]string{v1alpha1.LabelParams: "true"}},
		StringData: map[string]string{"password": hunter},
	}
}

// standsNowhere checks that the value is in no object of the namespace except the Secret itself.
func standsNowhere(t *testing.T, namespace string) {
	t.Helper()
	for _, list := range []client.ObjectList{
		&v1alpha1.TaskExecutionList{}, &batchv1.JobList{}, &corev1.PodList{}, &eventsv1.EventList{}, &corev1.ConfigMapList{},
	} {
		if err := kube.List(t.Context(), list, client.InNamespace(namespace)); err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(raw), hunter) {
			t.Errorf("the value stands in %s", raw)
		}
	}
}

// A sensitive param reaches the Job by reference. It is redacted in the log, also after a restart of the controller.
func TestSensitiveParam(t *testing.T) {
	stop := operator(t, leaky)
	e := login(t)
	create(t, e)
	reaches(t, e, v1alpha1.PhasePending, v1alpha1.ReasonSecretNotFound)
	secret := loginSecret(e.Namespace)
	create(t, secret)
	job := jobOf(t, e)
	env := job.Spec.Template.Spec.Containers[0].Env[0]
	if env.Name != "TASK_PARAM_PASSWORD" || env.ValueFrom.SecretKeyRef.Name != "login" || env.ValueFrom.SecretKeyRef.Key != "password" {
		t.Errorf("the Job has %+v", env)
	}
	pod := podOf(t, job)
	runs(t, pod)
	reaches(t, e, v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
	stop()
	operator(t, leaky)
	exits(t, pod, 0, "")
	ends(t, job, batchv1.JobComplete)
	reaches(t, e, v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
	if got := strings.Join(messages(e), "|"); !strings.Contains(got, "login with [redacted]") {
		t.Errorf("log %q", got)
	}
	standsNowhere(t, e.Namespace)
}

// If the Secret is gone, no line of the log can be shown. The run goes on.
func TestSecretThatIsGone(t *testing.T) {
	stop := operator(t, leaky)
	e := login(t)
	secret := loginSecret(e.Namespace)
	create(t, secret)
	create(t, e)
	job := jobOf(t, e)
	pod := podOf(t, job)
	stop()
	if err := kube.Delete(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	operator(t, leaky)
	runs(t, pod)
	exits(t, pod, 0, "")
	ends(t, job, batchv1.JobComplete)
	reaches(t, e, v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
	if got := strings.Join(messages(e), "|"); strings.Contains(got, "login") || e.Status.LogSummary.DroppedEntries != 1 {
		t.Errorf("log %q, summary %+v", got, e.Status.LogSummary)
	}
	standsNowhere(t, e.Namespace)
}

func TestSensitiveParamsThatAreRefused(t *testing.T) {
	operator(t)
	for reason, change := range map[string]func(*v1alpha1.TaskExecution, *corev1.Secret){
		v1alpha1.ReasonInvalidParams: func(_ *v1alpha1.TaskExecution, s *corev1.Secret) { s.StringData["password"] = hunter[:7] },
		v1alpha1.ReasonSensitiveParamReadable: func(e *v1alpha1.TaskExecution, _ *corev1.Secret) {
			e.Spec.SecretParams, e.Spec.Params = nil, &apiextensionsv1.JSON{Raw: []byte(`{"password":"plain text"}`)}
		},
	} {
		t.Run(reason, func(t *testing.T) {
			e := login(t)
			secret := loginSecret(e.Namespace)
			change(e, secret)
			create(t, secret)
			create(t, e)
			reaches(t, e, v1alpha1.PhaseFailed, reason)
			if strings.Contains(e.Status.Message, hunter[:7]) || strings.Contains(e.Status.Message, "plain text") {
				t.Errorf("it tells the value: %s", e.Status.Message)
			}
			if len(jobs(t, e.Namespace)) != 0 {
				t.Error("there is a Job")
			}
			standsNowhere(t, e.Namespace)
		})
	}
}

// A Secret without the label for runs is not used. When its owner adds the label, the run starts.
func TestCase61SecretWithoutItsLabel(t *testing.T) {
	operator(t)
	e := login(t)
	secret := loginSecret(e.Namespace)
	labels := secret.Labels
	secret.Labels = nil
	create(t, secret)
	create(t, e)
	reaches(t, e, v1alpha1.PhasePending, v1alpha1.ReasonSecretNotFound)
	if len(jobs(t, e.Namespace)) != 0 {
		t.Error("there is a Job")
	}
	changed := secret.DeepCopy()
	changed.Labels = labels
	if err := kube.Patch(t.Context(), changed, client.MergeFrom(secret)); err != nil {
		t.Fatal(err)
	}
	jobOf(t, e)
	standsNowhere(t, e.Namespace)
}

// The params that an execution takes from Secrets are immutable and validated on creation.
func TestSecretParamsAreImmutable(t *testing.T) {
	e := login(t)
	create(t, e)
	for name, change := range map[string]func(*v1alpha1.TaskExecution){
		"another Secret": func(e *v1alpha1.TaskExecution) { e.Spec.SecretParams.SecretName = "other" },
		"another name":   func(e *v1alpha1.TaskExecution) { e.Spec.SecretParams.Names = []string{"pin"} },
		"none":           func(e *v1alpha1.TaskExecution) { e.Spec.SecretParams = nil },
	} {
		changed := e.DeepCopy()
		change(changed)
		if err := kube.Update(t.Context(), changed); !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "secretParams are immutable") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, from := range map[string]v1alpha1.SecretParams{
		"no Secret": {Names: []string{"a"}}, "no names": {SecretName: "s"}, "a name that is no key": {SecretName: "s", Names: []string{"a/b"}},
		"a name twice": {SecretName: "s", Names: []string{"a", "a"}},
	} {
		bad := newExecution(e.Namespace)
		bad.Name = "bad"
		bad.Spec.SecretParams = &from
		if err := kube.Create(t.Context(), bad); !apierrors.IsInvalid(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
