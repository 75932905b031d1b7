// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers"
	"github.com/taskexec/taskexec/controllers/backlog"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// waitingRun returns a run with params, and a label and annotation of its author.
func waitingRun(namespace, name, params string) *v1alpha1.TaskExecution {
	e := newExecution(namespace)
	e.Name = name
	e.Labels, e.Annotations = map[string]string{"team": "a"}, map[string]string{"note": "of its author"}
	e.Spec.Params = &apiextensionsv1.JSON{Raw: []byte(params)}
	return e
}

// The controller's cache holds no params. The Job of a run that waited still has them, also after a restart, and no
// status write removes them.
func TestCase49RunThatWaitedHasItsParams(t *testing.T) {
	ns := namespace(t)
	stop := operator(t)
	limitedTask(t, ns, v1alpha1.ConcurrencyQueue, 1)
	first := waitingRun(ns, "a", `{"n":1}`)
	create(t, first)
	reaches(t, first, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
	second, bad := waitingRun(ns, "b", `{"n":2}`), waitingRun(ns, "c", `{"n":"three"}`)
	for _, e := range []*v1alpha1.TaskExecution{second, bad} {
		create(t, e)
		reaches(t, e, v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit)
	}
	stop()
	operator(t)
	task := newTask(ns)
	edit(t, task, func() {
		task.Spec.Parameters = &apiextensionsv1.JSON{Raw: []byte(`{"type":"object","properties":{"n":{"type":"integer"}}}`)}
	})
	completes(t, first)
	reaches(t, second, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
	wantEnv(t, jobOf(t, second).Spec.Template.Spec.Containers[0].Env, jobspec.EnvParams, `{"n":2}`)
	completes(t, second)
	if string(second.Spec.Params.Raw) != `{"n":2}` || second.Labels["team"] != "a" || second.Annotations["note"] == "" {
		t.Errorf("after its end it has the params %s, labels %v and annotations %v", second.Spec.Params.Raw, second.Labels, second.Annotations)
	}
	// A run is judged by the Task as it is when the run gets its place.
	reaches(t, bad, v1alpha1.PhaseFailed, v1alpha1.ReasonInvalidParams)
}

func wantEnv(t *testing.T, env []corev1.EnvVar, name, want string) {
	t.Helper()
	for _, e := range env {
		if e.Name == name && e.Value == want {
			return
		}
	}
	t.Errorf("%s is not %s in %v", name, want, env)
}

// The waiting runs of a namespace are bounded in number and bytes. One more fails, says why, and is kept. The others go
// on, and then more may wait again.
func TestCase49NamespaceHasNoRoom(t *testing.T) {
	for name, c := range map[string]struct {
		limits backlog.Limits
		params string
		says   string
	}{
		"runs":  {backlog.Limits{Runs: 1}, `{}`, "1 runs wait, and at most 1 may (--max-waiting-per-namespace)"},
		"bytes": {backlog.Limits{Bytes: 100_000}, `{"x":"` + strings.Repeat("x", 60_000) + `"}`, "may take 100000 (--max-waiting-bytes-per-namespace)"},
	} {
		t.Run(name, func(t *testing.T) {
			ns, other := namespace(t), namespace(t)
			stop := operator(t, func(o *controllers.Options) { o.MaxRunning.Waiting = c.limits })
			for _, in := range []string{ns, other} {
				limitedTask(t, in, v1alpha1.ConcurrencyQueue, 1)
				create(t, waitingRun(in, "a", c.params))
				jobOf(t, readOf(t, in, "a"))
				create(t, waitingRun(in, "b", c.params))
				reaches(t, readOf(t, in, "b"), v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit)
			}
			create(t, waitingRun(ns, "c", c.params))
			refused := readOf(t, ns, "c")
			reaches(t, refused, v1alpha1.PhaseFailed, v1alpha1.ReasonNamespaceQueueFull)
			if !strings.Contains(refused.Status.Message, c.says) || !strings.Contains(refused.Status.Message, ns) {
				t.Errorf("it says %q", refused.Status.Message)
			}
			missing := waitingRun(ns, "e", c.params)
			missing.Spec.TaskRef.Name = "no-such-task"
			create(t, missing)
			reaches(t, missing, v1alpha1.PhaseFailed, v1alpha1.ReasonNamespaceQueueFull)
			stop()
			operator(t, func(o *controllers.Options) { o.MaxRunning.Waiting = c.limits })
			completes(t, readOf(t, ns, "a"))
			reaches(t, readOf(t, ns, "b"), v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
			create(t, waitingRun(ns, "d", c.params))
			reaches(t, readOf(t, ns, "d"), v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit)
		})
	}
}

func readOf(t *testing.T, namespace, name string) *v1alpha1.TaskExecution {
	t.Helper()
	e := &v1alpha1.TaskExecution{ObjectMeta: objectNamed(namespace, name)}
	read(t, e)
	return e
}

// If a quota refuses the Job, the run waits with the API server's message. It is no error, and the run goes on when
// there is room.
func TestCase49QuotaHoldsTheJob(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	quota := &corev1.ResourceQuota{ObjectMeta: objectNamed(ns, "small")}
	quota.Spec.Hard = corev1.ResourceList{"count/jobs.batch": resource.MustParse("0")}
	create(t, quota)
	patchStatus(t, quota, func() {
		quota.Status = corev1.ResourceQuotaStatus{Hard: quota.Spec.Hard, Used: corev1.ResourceList{"count/jobs.batch": resource.MustParse("0")}}
	})
	create(t, newTask(ns))
	e := waitingRun(ns, "a", `{}`)
	create(t, e)
	operatorIn(t, ns)
	reaches(t, e, v1alpha1.PhasePending, v1alpha1.ReasonJobRefused)
	if want := "exceeded quota: small, requested: count/jobs.batch=1, used: count/jobs.batch=0, limited: count/jobs.batch=0"; !strings.Contains(e.Status.Message, want) {
		t.Errorf("it says %q, want %q", e.Status.Message, want)
	}
	if err := kube.Delete(t.Context(), quota); err != nil {
		t.Fatal(err)
	}
	reaches(t, e, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
}

// Params nested as deeply as the API server allows fail their own run only. The API server refuses deeper ones.
func TestCase49DeeplyNestedParams(t *testing.T) {
	ns := namespace(t)
	create(t, newTask(ns))
	operator(t)
	stored := 0
	for _, depth := range []int{70, 1000, 4900, 9980, 9996, 10_000, 100_000} {
		name := fmt.Sprint("deep-", depth)
		body := fmt.Sprintf(`{"apiVersion":"taskexec.dev/v1alpha1","kind":"TaskExecution","metadata":{"namespace":%q,"name":%q},"spec":{"taskRef":{"name":"sync"},"params":{"x":%s}}}`,
			ns, name, strings.Repeat("[", depth)+strings.Repeat("]", depth))
		if err := postExecution(t, ns, body); err != nil {
			t.Logf("%d levels are refused: %.200v", depth, err)
			continue
		}
		stored++
		e := readOf(t, ns, name)
		reaches(t, e, v1alpha1.PhaseFailed, v1alpha1.ReasonInvalidParams)
		if !strings.Contains(e.Status.Message, "nested deeper than 64 levels") {
			t.Errorf("with %d levels it says %q", depth, e.Status.Message)
		}
	}
	t.Logf("%d were stored", stored)
	e := named(t, ns, "flat")
	reaches(t, e, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
}

func postExecution(t *testing.T, namespace, body string) error {
	t.Helper()
	config := rest.CopyConfig(apiServer)
	config.GroupVersion, config.APIPath = &v1alpha1.GroupVersion, "/apis"
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	c, err := rest.RESTClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	result := c.Post().Namespace(namespace).Resource("taskexecutions").SetHeader("Content-Type", "application/json").Body([]byte(body)).Do(t.Context())
	if raw, _ := result.Raw(); result.Error() != nil {
		return errors.Join(result.Error(), errors.New(string(raw)))
	}
	return nil
}
