// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/diagnosis"
	"github.com/taskexec/taskexec/apiserver/explain"
	"github.com/taskexec/taskexec/apiserver/fixture"
)

// pulling is a store with a run "x" whose image cannot be pulled.
func pulling() *fakeStore {
	store := newFakeStore(fixture.Task("sync"))
	e := fixture.Execution("x", "sync", v1alpha1.PhasePending)
	e.Status.Reason, e.Status.Job = v1alpha1.ReasonJobCreated, &v1alpha1.JobIdentity{Name: "x-job", UID: "job-uid"}
	store.add(e)
	store.jobs = map[string]*batchv1.Job{"x": {ObjectMeta: metav1.ObjectMeta{Name: "x-job", UID: "job-uid"}}}
	pod := func(name string, age time.Duration, reason string) corev1.Pod {
		p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name), CreationTimestamp: metav1.NewTime(store.now.Add(-age))}}
		p.Spec.NodeName = "worker"
		p.Spec.Containers = []corev1.Container{{Name: "main", Image: "registry.invalid/" + name + ":1"}}
		p.Status.Phase = corev1.PodPending
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}}}
		return p
	}
	store.pods = []corev1.Pod{pod("newer", time.Second, "ImagePullBackOff"), pod("older", time.Minute, "ContainerCreating")}
	store.events = []corev1.Event{
		{Reason: "Pulling", Message: "Pulling image", InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: "newer", UID: "newer"}, LastTimestamp: metav1.NewTime(store.now.Add(-time.Minute))},
		{Reason: "Failed", Message: "Failed to pull image <b>", InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: "newer", UID: "newer"}, LastTimestamp: metav1.NewTime(store.now)},
		{Reason: "Failed", Message: "of another", InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: "stranger", UID: "stranger"}},
	}
	return store
}

func TestExplain(t *testing.T) {
	w := call(t, facade(pulling()), "GET", "/tasks/executions/x/explain", "")
	if strings.ContainsAny(w.Body.String(), "<>") {
		t.Errorf("markup in %s", w.Body)
	}
	got := ok[explain.Explanation](t, facade(pulling()), "GET", "/tasks/executions/x/explain", "")
	if got.ExecutionID != "x" || got.TaskName != "sync" || got.Status != "running" || got.Phase != "Pending" || !got.Complete {
		t.Errorf("got %+v", got)
	}
	if got.Reason != v1alpha1.ReasonImagePullBackOff || !strings.Contains(got.Sentence, `"registry.invalid/newer:1"`) || got.Advice == "" {
		t.Errorf("got %s: %s %s", got.Reason, got.Sentence, got.Advice)
	}
	var events []string
	for _, f := range got.Facts {
		if f.Source == "Event" {
			events = append(events, f.Text)
		}
	}
	if len(events) != 2 || !strings.Contains(events[0], "Failed to pull image <b>") {
		t.Errorf("want the run's own Events, newest first: %q", events)
	}
	wantProblem(t, call(t, facade(pulling()), "GET", "/tasks/executions/nothing/explain", ""), http.StatusNotFound, `there is no execution "nothing"`)
	wantProblem(t, call(t, facade(pulling()), "POST", "/tasks/executions/x/explain", ""), http.StatusMethodNotAllowed, "only GET")
}

// The explanation says what cannot be read, and has everything else.
func TestExplainWithoutLiveReads(t *testing.T) {
	forbidden := apierrors.NewForbidden(corev1.Resource("pods"), "", errors.New("RBAC"))
	for name, c := range map[string]struct {
		fails string
		err   error
		says  string
	}{
		"the Job is forbidden":    {"job", forbidden, "kind Job could not be read: the facade's service account is not allowed to (config/rbac)"},
		"the pods are forbidden":  {"pods", forbidden, "kind Pod could not be read: the facade's service account is not allowed to"},
		"Events are forbidden":    {"events", forbidden, "kind Event could not be read: the facade's service account is not allowed to"},
		"Kubernetes is slow":      {"pods", context.DeadlineExceeded, "did not answer in time"},
		"Kubernetes is away":      {"job", &url.Error{Op: "Get", Err: errors.New("refused")}, "cannot be reached"},
		"Kubernetes has an error": {"job", errors.New("etcd: secret detail"), "the facade's log has it"},
	} {
		t.Run(name, func(t *testing.T) {
			store := pulling()
			store.fail = func(operation, _ string) error {
				if operation == c.fails {
					return fmt.Errorf("reading: %w", c.err)
				}
				return nil
			}
			w := call(t, facade(store), "GET", "/tasks/executions/x/explain", "")
			got := ok[explain.Explanation](t, facade(store), "GET", "/tasks/executions/x/explain", "")
			if got.Complete || got.Facts[0].Source != "Facade" || !strings.Contains(got.Facts[0].Text, c.says) || got.Sentence == "" {
				t.Errorf("got %s", w.Body)
			}
			if strings.Contains(w.Body.String(), "secret detail") || strings.Contains(w.Body.String(), "RBAC") {
				t.Errorf("it tells too much: %s", w.Body)
			}
		})
	}
	for _, operation := range []string{"execution", "task"} {
		store := pulling()
		store.fail = func(failing, _ string) error {
			if failing == operation {
				return apierrors.NewServiceUnavailable("away")
			}
			return nil
		}
		wantProblem(t, call(t, facade(store), "GET", "/tasks/executions/x/explain", ""), http.StatusServiceUnavailable, "busy")
	}
}

// Live reads are bounded in time.
func TestExplainIsNotHeldUp(t *testing.T) {
	store := stuck{pulling()}
	e, err := store.Execution(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	o, err := (&explain.Observer{Store: store, Patience: time.Millisecond}).Observe(t.Context(), e, store.now)
	if err != nil || len(o.Unread) != 2 || o.Unread[0].What != diagnosis.FromJob || len(o.Pods) != 2 {
		t.Errorf("unread %+v, %v", o.Unread, err)
	}
}

// stuck is a Store whose live reads end with their context.
type stuck struct{ *fakeStore }

func (s stuck) Job(ctx context.Context, _ *v1alpha1.TaskExecution) (*batchv1.Job, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// The explanation of a waiting run shows the runs before it.
func TestExplainQueued(t *testing.T) {
	e := fixture.Execution("x", "sync", v1alpha1.PhaseQueued)
	e.UID, e.Status.Queue = "x", &v1alpha1.QueueStatus{Position: 1, BlockedBy: v1alpha1.BlockedByTask}
	active := fixture.Execution("active", "sync", v1alpha1.PhaseRunning, 60)
	active.UID = "active"
	store := newFakeStore(fixture.Task("sync")).add(e, active, fixture.Execution("ended", "sync", v1alpha1.PhaseCompleted), fixture.Execution("other", "other", v1alpha1.PhaseRunning))
	got := ok[explain.Explanation](t, facade(store), "GET", "/tasks/executions/x/explain", "")
	if got.Reason != v1alpha1.ReasonConcurrencyLimit || !strings.HasSuffix(got.Sentence, `it is the next run; the active run is "active".`) {
		t.Errorf("got %+v", got)
	}
}

// The words of an explanation are in the language that the client accepts. What programs read, and what Kubernetes said,
// is the same in both.
func TestExplanationInChinese(t *testing.T) {
	store := newFakeStore(fixture.Task("sync")).add(fixture.Execution("run", "sync", v1alpha1.PhaseFailed))
	e := store.executions["run"]
	e.Status.Reason, e.Status.Message = v1alpha1.ReasonTaskNotFound, `task "sync" does not exist.`
	api := facade(store)
	explained := func(accept string) (x explain.Explanation, language string) {
		w := call(t, api, "GET", "/tasks/executions/run/explain", "", "Accept-Language", accept)
		if err := json.Unmarshal(w.Body.Bytes(), &x); err != nil || w.Header().Get("Vary") != "Accept-Language" {
			t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
		}
		return x, w.Header().Get("Content-Language")
	}
	english, tag := explained("fr")
	if tag != "en" || english.Sentence != `It failed before it started: task "sync" does not exist.` {
		t.Errorf("in %s: %s", tag, english.Sentence)
	}
	chinese, tag := explained("zh-CN,zh;q=0.9,en;q=0.8")
	if tag != "zh-Hans" || chinese.Sentence != `启动之前就已失败：task "sync" does not exist。` || chinese.Advice != "请创建任务，然后重新执行。" || chinese.Facts[1].Text != "已创建" {
		t.Errorf("in %s: %+v", tag, chinese)
	}
	if chinese.Reason != english.Reason || chinese.Phase != english.Phase || len(chinese.Facts) != len(english.Facts) || chinese.Facts[0].Source != english.Facts[0].Source {
		t.Errorf("more than words differ: %+v, %+v", chinese, english)
	}
}
