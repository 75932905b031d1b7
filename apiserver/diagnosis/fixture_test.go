// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"slices"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/census"
	"github.com/taskexec/taskexec/controllers/phrases"
)

var now = time.Date(2025, 11, 25, 11, 5, 0, 0, time.UTC)

func ago(d time.Duration) metav1.Time { return metav1.NewTime(now.Add(-d)) }

// observed builds an Observation.
type observed struct{ Observation }

// run returns a run of the task "sync", a minute old.
func run(phase v1alpha1.Phase, reason, message string) *observed {
	e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Name: "run", UID: "run-uid", CreationTimestamp: ago(time.Minute)}}
	e.Spec.TaskRef.Name = "sync"
	e.Status.Phase, e.Status.Reason, e.Status.Message = phase, reason, message
	task := &v1alpha1.Task{ObjectMeta: metav1.ObjectMeta{Name: "sync", UID: "task-uid", Generation: 1}}
	return &observed{Observation{Now: now, Execution: e, Task: task}}
}

func (o *observed) with(change func(*observed)) *observed {
	change(o)
	return o
}

func (o *observed) secret() *observed {
	o.Execution.Spec.SecretParams = &v1alpha1.SecretParams{SecretName: "s", Names: []string{"password"}}
	return o
}

func (o *observed) exit(code int32) *observed {
	o.Execution.Status.ExitCode, o.Execution.Status.Attempts = ptr.To(code), 1
	return o
}

func (o *observed) job(change func(*batchv1.Job)) *observed {
	o.Job = &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "run-job", UID: "job-uid", CreationTimestamp: ago(time.Minute)}}
	o.Execution.Status.Job = &v1alpha1.JobIdentity{Name: "run-job", UID: "job-uid"}
	if change != nil {
		change(o.Job)
	}
	return o
}

// pod adds a pod with a container "main". It is on a node unless that is empty.
func (o *observed) pod(node string, state corev1.ContainerState, changes ...func(*corev1.Pod)) *observed {
	p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "run-pod", UID: types.UID("pod-uid"), CreationTimestamp: ago(time.Minute)}}
	p.Spec.NodeName = node
	p.Spec.Containers = []corev1.Container{{Name: "main", Image: "registry.example/sync:1"}}
	p.Status.Phase = corev1.PodPending
	switch {
	case state.Running != nil:
		p.Status.Phase = corev1.PodRunning
	case state.Terminated != nil && state.Terminated.ExitCode == 0:
		p.Status.Phase = corev1.PodSucceeded
	case state.Terminated != nil:
		p.Status.Phase = corev1.PodFailed
	}
	if state != (corev1.ContainerState{}) {
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", State: state, Image: "sha256:abc"}}
	}
	for _, change := range changes {
		change(&p)
	}
	o.Pods = append(o.Pods, p)
	return o
}

func waiting(reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
}

func terminated(code int32, reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, Message: message, FinishedAt: ago(time.Second)}}
}

func runs() corev1.ContainerState {
	return corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: ago(10 * time.Second)}}
}

func condition(kind corev1.PodConditionType, status corev1.ConditionStatus, reason, message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: kind, Status: status, Reason: reason, Message: message})
	}
}

// event adds an Event that is older than those added before.
func (o *observed) event(kind, reason, message string) *observed {
	uid := types.UID("pod-uid")
	if kind == "Job" {
		uid = "job-uid"
	}
	e := corev1.Event{Reason: reason, Message: message, Count: 3, LastTimestamp: ago(time.Duration(len(o.Events)+1) * time.Second)}
	e.InvolvedObject = corev1.ObjectReference{Kind: kind, Name: "of-" + strings.ToLower(kind), UID: uid}
	o.Events = append(o.Events, e)
	return o
}

// others adds a run of the task for each phase, each older than the one before it.
func (o *observed) others(phases ...v1alpha1.Phase) *observed {
	for i, phase := range phases {
		e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{
			Name: "other-" + string(rune('a'+i)), UID: types.UID(rune('a' + i)), CreationTimestamp: ago(2*time.Minute + time.Duration(i)*time.Second),
		}}
		e.Status.Phase = phase
		o.counts(e)
	}
	return o
}

// counts adds a run of the task to the census.
func (o *observed) counts(e *v1alpha1.TaskExecution) {
	o.Census = census.Take(slices.Concat(o.Census.Active, o.Census.Waiting, []*v1alpha1.TaskExecution{e}))
}

// says is what a rule must decide: parts of its texts, or silent if it must not apply.
type says struct{ reason, sentence, advice string }

var silent = says{}

type asked struct {
	of   *observed
	want says
}

// ask checks what a rule decides, and that no other rule decides before it.
func ask(t *testing.T, r rule, cases map[string]asked) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			v, decided := r(&c.of.Observation)
			if decided != (c.want != silent) {
				t.Fatalf("decided: %t, with %+v", decided, v)
			}
			if !decided {
				return
			}
			sentence, advice := v.sentence.In(phrases.English), v.advice.In(phrases.English)
			if v.reason != c.want.reason || !strings.Contains(sentence, c.want.sentence) || !strings.Contains(advice, c.want.advice) {
				t.Errorf("got %s: %s %s\nwant %+v", v.reason, sentence, advice, c.want)
			}
			if !strings.HasSuffix(sentence, ".") && !strings.Contains(sentence, "The node reports") || strings.HasSuffix(sentence, "..") {
				t.Errorf("not a whole sentence: %q", sentence)
			}
			inChinese(t, v)
			got := Of(c.of.Observation)
			for _, f := range got.Facts {
				if text := f.TextIn(phrases.Chinese); strings.Contains(text, "%!") {
					t.Errorf("a fact with the wrong arguments: %s", text)
				}
			}
			if got.Reason != c.want.reason || !strings.Contains(got.SentenceIn(phrases.English), c.want.sentence) {
				t.Errorf("another rule decides: %+v", got)
			}
		})
	}
}

// inChinese checks that a verdict is a whole sentence in Chinese too.
func inChinese(t *testing.T, v verdict) {
	t.Helper()
	sentence, advice := v.sentence.In(phrases.Chinese), v.advice.In(phrases.Chinese)
	t.Log(sentence, advice)
	if !strings.HasSuffix(sentence, "。") && !strings.Contains(sentence, "节点报告") || strings.HasSuffix(sentence, "。。") || strings.Contains(sentence+advice, "%!") {
		t.Errorf("not a whole sentence: %q, with the advice %q", sentence, advice)
	}
	if v.advice.IsZero() != (advice == "") {
		t.Errorf("the advice %q is %q", v.advice, advice)
	}
}
