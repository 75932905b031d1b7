// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package apiserver

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/explain"
	"github.com/taskexec/taskexec/apiserver/kube"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/params"
)

// withJob creates the Job of an execution as the controller would, and a pod as the Job controller would.
func (l lab) withJob(t *testing.T, id string) (*v1alpha1.TaskExecution, *corev1.Pod) {
	t.Helper()
	e := l.live(t, id)
	task := &v1alpha1.Task{}
	if err := adminClient.Get(t.Context(), client.ObjectKey{Namespace: l.namespace, Name: e.Spec.TaskRef.Name}, task); err != nil {
		t.Fatal(err)
	}
	job, err := jobspec.Build(task, e, []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := adminClient.Create(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	pod := &corev1.Pod{ObjectMeta: *job.Spec.Template.DeepCopy().ObjectMeta.DeepCopy(), Spec: *job.Spec.Template.Spec.DeepCopy()}
	pod.Name, pod.OwnerReferences = job.Name+"-pod", []metav1.OwnerReference{*metav1.NewControllerRef(job, batchv1.SchemeGroupVersion.WithKind("Job"))}
	l.create(t, pod)
	changed := e.DeepCopy()
	changed.Status.Phase, changed.Status.Reason = v1alpha1.PhasePending, v1alpha1.ReasonJobCreated
	changed.Status.Job = &v1alpha1.JobIdentity{Name: job.Name, UID: job.UID}
	if err := adminClient.Status().Patch(t.Context(), changed, client.MergeFrom(e)); err != nil {
		t.Fatal(err)
	}
	return changed, pod
}

func (l lab) podStatus(t *testing.T, pod *corev1.Pod, status corev1.PodStatus) {
	t.Helper()
	changed := pod.DeepCopy()
	changed.Status = status
	if err := adminClient.Status().Patch(t.Context(), changed, client.MergeFrom(pod)); err != nil {
		t.Fatal(err)
	}
	*pod = *changed
}

func (l lab) event(t *testing.T, of client.Object, kind, reason, message string) {
	t.Helper()
	e := &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{GenerateName: "e-"},
		InvolvedObject: corev1.ObjectReference{Kind: kind, Namespace: l.namespace, Name: of.GetName(), UID: of.GetUID()},
		Reason:         reason, Message: message, Type: corev1.EventTypeWarning, Count: 1, LastTimestamp: metav1.NewTime(time.Now()),
	}
	l.create(t, e)
}

// explained waits until the cache has the phase, and returns the explanation.
func (l lab) explained(t *testing.T, id string, phase v1alpha1.Phase) (got explain.Explanation) {
	t.Helper()
	until(t, "the cache shows the phase "+string(phase), func() bool {
		got = ok[explain.Explanation](t, l, "GET", "/tasks/executions/"+id+"/explain", "")
		return got.Phase == string(phase) && got.Reason != "NotSeen" // an execution without a phase is Pending, too
	})
	return got
}

func TestExplainOverARealAPIServer(t *testing.T) {
	l := newLab(t)
	l.task(t, "sync")
	id := l.execute(t, "sync")
	if got := ok[explain.Explanation](t, l, "GET", "/tasks/executions/"+id+"/explain", ""); got.Reason != "NotSeen" || !got.Complete {
		t.Errorf("right after its creation: %+v", got)
	}
	e, pod := l.withJob(t, id)
	l.podStatus(t, pod, corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{
		Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, Message: "0/3 nodes are available: 3 Insufficient memory.",
	}}})
	got := l.explained(t, id, v1alpha1.PhasePending)
	if got.Reason != "Unschedulable" || !strings.Contains(got.Sentence, "3 Insufficient memory.") || !got.Complete {
		t.Errorf("unschedulable: %+v", got)
	}

	// Only Events of this pod count, newest first.
	l.podStatus(t, pod, corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{{
		Name: "main", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull", Message: "not found"}},
	}}})
	other := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "stranger", UID: "stranger"}}
	l.event(t, other, "Pod", "Failed", "of a stranger")
	l.event(t, pod, "Pod", "Failed", "Failed to pull image \"x\": \x1b[31mnot <found>")
	got = l.explained(t, id, v1alpha1.PhasePending)
	if got.Reason != v1alpha1.ReasonImagePullBackOff || !strings.Contains(got.Sentence, `the image "x" of the container "main"`) || !strings.HasSuffix(got.Sentence, `Failed to pull image "x": not <found>`) {
		t.Errorf("an image: %+v", got)
	}
	if strings.Contains(fmt.Sprint(got.Facts), "stranger") {
		t.Errorf("the Event of a stranger: %v", got.Facts)
	}

	// A pod that has the run's labels but does not belong to its Job is ignored.
	forged := pod.DeepCopy()
	forged.Name, forged.UID, forged.OwnerReferences = "forged", "", nil
	l.create(t, forged)
	if got := l.explained(t, id, v1alpha1.PhasePending); strings.Contains(fmt.Sprint(got.Facts), "forged") {
		t.Errorf("a forged pod has a word: %v", got.Facts)
	}

	changed := e.DeepCopy()
	code := int32(3)
	changed.Status.Phase, changed.Status.Reason, changed.Status.ExitCode = v1alpha1.PhaseFailed, v1alpha1.ReasonNonZeroExit, &code
	if err := adminClient.Status().Patch(t.Context(), changed, client.MergeFrom(e)); err != nil {
		t.Fatal(err)
	}
	if got := l.explained(t, id, v1alpha1.PhaseFailed); !strings.Contains(got.Sentence, "exit code 3") {
		t.Errorf("an exit code: %+v", got)
	}
}

// A foreign Job with the name of the run's Job is not taken for it.
func TestExplainLeavesForeignJobsAlone(t *testing.T) {
	l := newLab(t)
	l.task(t, "sync")
	id := l.execute(t, "sync")
	e := l.live(t, id)
	foreign := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: jobspec.JobName(e.Name, e.UID)}}
	foreign.Spec.Template.Spec = corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{Name: "x", Image: "x"}}}
	l.create(t, foreign)
	if got := ok[explain.Explanation](t, l, "GET", "/tasks/executions/"+id+"/explain", ""); strings.Contains(fmt.Sprint(got.Facts), foreign.Name) {
		t.Errorf("got %v", got.Facts)
	}
}

// liveBy is a store whose live reads are those of another client.
type liveBy struct {
	*kube.Store
	live      client.Client
	namespace string
}

func (s liveBy) Job(ctx context.Context, e *v1alpha1.TaskExecution) (*batchv1.Job, error) {
	job := &batchv1.Job{}
	return job, s.live.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: e.Status.Job.Name}, job)
}

func (s liveBy) Pods(ctx context.Context, _ *v1alpha1.TaskExecution) ([]corev1.Pod, error) {
	list := &corev1.PodList{}
	return list.Items, s.live.List(ctx, list, client.InNamespace(s.namespace))
}

func (s liveBy) Events(ctx context.Context, _ types.UID) ([]corev1.Event, error) {
	list := &corev1.EventList{}
	return list.Items, s.live.List(ctx, list, client.InNamespace(s.namespace))
}

// If Jobs and Events cannot be read, the explanation has everything else.
func TestExplainWithoutRights(t *testing.T) {
	l := newLab(t)
	l.task(t, "sync")
	id := l.execute(t, "sync")
	l.withJob(t, id)
	l.explained(t, id, v1alpha1.PhasePending)

	nobody := rest.CopyConfig(apiServer)
	nobody.Impersonate = rest.ImpersonationConfig{UserName: "nobody"}
	away := rest.CopyConfig(apiServer)
	away.Host = "https://127.0.0.1:1"
	for name, c := range map[string]struct {
		config *rest.Config
		says   string
	}{"forbidden": {nobody, "service account is not allowed to"}, "away": {away, "cannot be reached"}} {
		live, err := client.New(c.config, client.Options{Scheme: adminClient.Scheme(), Mapper: adminClient.RESTMapper()})
		if err != nil {
			t.Fatal(err)
		}
		store := liveBy{l.store.In(l.namespace), live, l.namespace}
		w := call(t, facade(store), "GET", "/tasks/executions/"+id+"/explain", "")
		if w.Code != http.StatusOK || strings.Count(w.Body.String(), c.says) != 3 || !strings.Contains(w.Body.String(), `"complete":false`) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// The API server accepts the Job of a dry run. A real run's Job differs only in its names.
func TestDryRunIsAccepted(t *testing.T) {
	l := newLab(t)
	l.task(t, "sync", `{"properties":{"force":{"type":"boolean","default":true},"password":{"type":"string","writeOnly":true}}}`)
	const body = `{"params":{"n":1.0e2,"big":9007199254740993,"text":"$(x) <y>","password":"hunter2hunter2"}}`
	foreseen := ok[submit.DryRun](t, l, "POST", "/tasks/sync/execute/api?dryRun=true", body)
	if got := l.stored(t); len(got) != 0 {
		t.Fatalf("it made %v", got)
	}
	if err := adminClient.Create(t.Context(), foreseen.Job, client.DryRunAll); err != nil {
		t.Errorf("the Job is not accepted: %v", err)
	}
	id := ok[submit.Started](t, l, "POST", "/tasks/sync/execute/api", body).ExecutionID
	stored := l.live(t, id)
	asItIs := func(raw []byte) string { // without escapes, and numbers as they are written
		effective, problems := new(params.Schema).Apply(raw)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return string(effective)
	}
	if got, want := asItIs(stored.Spec.Params.Raw), strings.Replace(asItIs(foreseen.Params), `"force":true,`, "", 1); got != want {
		t.Errorf("foreseen %s, stored %s", want, got)
	}
}

func TestRerunOverARealAPIServer(t *testing.T) {
	l := newLab(t)
	l.task(t, "sync")
	first := ok[submit.Started](t, l, "POST", "/tasks/sync/execute/api", `{"params":{"mid":1}}`).ExecutionID
	again := ok[submit.Started](t, l, "POST", "/tasks/executions/"+first+"/rerun", "")
	stored := l.live(t, again.ExecutionID)
	if again.RerunOf != first || stored.Annotations[v1alpha1.AnnotationRerunOf] != first || string(stored.Spec.Params.Raw) != `{"mid":1}` || stored.Spec.Trigger.Source != v1alpha1.TriggerAPI {
		t.Errorf("stored %+v", stored)
	}
	other := l.replica(t)
	one, _ := submitted(t, l, "/tasks/executions/"+first+"/rerun", "k", `{"params":{"mid":2}}`)
	two, replayed := submitted(t, other, "/tasks/executions/"+first+"/rerun", "k", `{"params":{"mid":2}}`)
	if !replayed || one.ExecutionID != two.ExecutionID || len(l.stored(t)) != 3 {
		t.Errorf("one key made %s and %s", one.ExecutionID, two.ExecutionID)
	}
}
