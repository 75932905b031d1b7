// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/hack/figures"
)

// The two programs run with the limits of the shipped manifests. The attacks run one after the other. No program
// restarts, a quiet tenant gets its answers, and its runs complete.
func TestCase52AttacksUnderShippedLimits(t *testing.T) {
	task := given(t, taskOf("echo hello"))
	const name = "e2e-quiet"
	account(t, name, taskexecRule("tasks", nil, "get", "list", "execute"), taskexecRule("taskexecutions", nil, "get", "list"))
	token := tokenOf(t, name, audience)
	before := restarts(t)
	wantLimits(t)
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			calm := polls(t, token, task, 2*time.Second)
			stop := a.goesOn(t)
			var made execution
			eventually(t, "the quiet tenant can run its task", func() (bool, string) {
				r := call(t, "POST", "/tasks/"+task+"/execute/api", nil, "Authorization", "Bearer "+token)
				// On a busy machine, its params may wait too long for their turn in the namespace (docs/decisions/0065).
				if r.code == http.StatusTooManyRequests && r.header.Get("Retry-After") != "" {
					return false, r.text()
				}
				if err := json.Unmarshal(r.body, &made); err != nil || r.code != http.StatusOK {
					t.Fatalf("the quiet tenant cannot run its task: %s", r.text())
				}
				return true, ""
			})
			during := polls(t, token, task, a.lasts)
			eventually(t, "the quiet tenant's run completes beside the attack", func() (bool, string) {
				r := call(t, "GET", "/tasks/running/execution/"+made.ExecutionID, nil, "Authorization", "Bearer "+token)
				return r.code == http.StatusOK && strings.Contains(string(r.body), `"phase":"Completed"`), r.text()
			})
			stop()
			t.Logf("the quiet tenant's polls: p50 %s, p99 %s of %d, %d failed; without the attack p99 %s. Bare requests to the API server: p50 %s, p99 %s; without %s",
				during.quantile(50), during.quantile(99), len(during.took), during.failed, calm.quantile(99),
				quantile(during.bare, 50), quantile(during.bare, 99), quantile(calm.bare, 99))
			if during.failed > 0 {
				t.Errorf("%d of %d polls of the quiet tenant failed, such as: %s", during.failed, len(during.took), during.example)
			}
			for pod, n := range restarts(t) {
				if was, known := before[pod]; !known || n != was {
					t.Errorf("%s was restarted: %d times, %d before the attack", pod, n, was)
				}
			}
		})
	}
	if e := polled(t, execute(t, task, nil)); e.Status != "completed" {
		t.Errorf("after all attacks: %s", text(e))
	}
}

// restarts counts the restarts of the containers of the two programs by pod. A replaced pod has another name.
func restarts(t *testing.T) map[string]int32 {
	t.Helper()
	pods := &corev1.PodList{}
	if err := kube.List(t.Context(), pods, client.InNamespace(operatorNamespace)); err != nil {
		t.Fatal(err)
	}
	count := map[string]int32{}
	for i := range pods.Items {
		for _, c := range pods.Items[i].Status.ContainerStatuses {
			count[pods.Items[i].Name] += c.RestartCount
		}
	}
	if len(count) < 2 {
		t.Fatalf("there are the pods %v, want those of two programs", count)
	}
	return count
}

// wantLimits requires that both programs have a memory limit. Without one, the test would prove nothing.
func wantLimits(t *testing.T) {
	t.Helper()
	pods := &corev1.PodList{}
	if err := kube.List(t.Context(), pods, client.InNamespace(operatorNamespace)); err != nil {
		t.Fatal(err)
	}
	for i := range pods.Items {
		c := &pods.Items[i].Spec.Containers[0]
		t.Logf("%s: %s", pods.Items[i].Name, c.Resources.Limits.Memory())
		if c.Resources.Limits.Memory().IsZero() {
			t.Errorf("%s has no limit of memory", pods.Items[i].Name)
		}
	}
}

// polling has the results of a tenant that polls.
type polling struct {
	took []time.Duration
	// bare has the durations of minimal requests to the API server, sent between the polls. It shows how much time
	// the machine adds.
	bare    []time.Duration
	failed  int
	example string
}

func (p polling) quantile(percent int) time.Duration { return quantile(p.took, percent) }

func quantile(took []time.Duration, percent int) time.Duration {
	return figures.Percentile(took, percent).Round(100 * time.Microsecond)
}

// polls lists the runs of a Task for some time. It sends one request after the other, with a pause between them.
func polls(t *testing.T, token, task string, lasts time.Duration) (p polling) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), lasts)
	defer cancel()
	for ctx.Err() == nil {
		begun := time.Now()
		r, err := send(t.Context(), "GET", "/tasks/running/"+task+"?limit=10", nil, "Authorization", "Bearer "+token)
		p.took = append(p.took, time.Since(begun))
		if err != nil || r.code != http.StatusOK {
			if p.failed++; err != nil {
				p.example = err.Error()
			} else {
				p.example = r.text()
			}
		}
		begun = time.Now()
		if err := raw.Get().AbsPath("/livez/ping").Do(t.Context()).Error(); err == nil {
			p.bare = append(p.bare, time.Since(begun))
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	return p
}
