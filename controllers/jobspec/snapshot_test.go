// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

var thisTask = v1alpha1.TaskIdentity{UID: "task-uid", Generation: 3}

func TestSnapshotFor(t *testing.T) {
	cases := map[string]struct {
		task      *taskWrapper
		execution *executionWrapper
		want      Snapshot
	}{
		"a Task that says nothing has the defaults and no clocks": {
			aTask(), anExecution(),
			Snapshot{Task: thisTask, Container: "main", MaxEntries: 100, MaxBytes: 16 << 10},
		},
		"the Task's clocks and budget": {
			aTask().Timeout(30*time.Second).StartTimeout(time.Minute).Logs("", 7, "2Ki"), anExecution(),
			Snapshot{Task: thisTask, Timeout: seconds(30), StartTimeout: seconds(60), Container: "main", MaxEntries: 7, MaxBytes: 2 << 10},
		},
		"the queue clock, for a Job that is held": {
			aTask().QueueTimeout(time.Hour), anExecution(),
			Snapshot{Task: thisTask, QueueTimeout: seconds(3600), Container: "main", MaxEntries: 100, MaxBytes: 16 << 10},
		},
		"the execution's timeout goes before the Task's": {
			aTask().Timeout(30 * time.Second), anExecution().Timeout(time.Hour),
			Snapshot{Task: thisTask, Timeout: seconds(3600), Container: "main", MaxEntries: 100, MaxBytes: 16 << 10},
		},
		"the execution's timeout is enough": {
			aTask(), anExecution().Timeout(time.Second),
			Snapshot{Task: thisTask, Timeout: seconds(1), Container: "main", MaxEntries: 100, MaxBytes: 16 << 10},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, SnapshotFor(c.task.Obj(), c.execution.Obj())); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestLogContainer(t *testing.T) {
	cases := map[string]struct {
		task *taskWrapper
		want string
	}{
		"the one that the Task names":          {aTask().Containers("a", "main").Logs("a", 0, ""), "a"},
		"main, at any place":                   {aTask().Containers("a", "main"), "main"},
		"main before kubectl's default":        {aTask().Containers("a", "main").PodAnnotation(defaultContainerAnnotation, "a"), "main"},
		"kubectl's default, without a main":    {aTask().Containers("a", "b").PodAnnotation(defaultContainerAnnotation, "b"), "b"},
		"a missing default is none":            {aTask().Containers("a", "b").PodAnnotation(defaultContainerAnnotation, "c"), "a"},
		"the first, by default":                {aTask().Containers("a", "b"), "a"},
		"main, when there is no container yet": {aTask().Containers(), "main"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := logContainer(c.task.Obj()); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func frozenJob(annotation string, containers ...string) *batchv1.Job {
	job := &batchv1.Job{}
	job.Name = "job"
	if annotation != "" {
		job.Annotations = map[string]string{v1alpha1.AnnotationLimits: annotation}
	}
	for _, name := range containers {
		job.Spec.Template.Spec.Containers = append(job.Spec.Template.Spec.Containers, corev1.Container{Name: name})
	}
	return job
}

func TestLimitsSurviveTheJob(t *testing.T) {
	want := SnapshotFor(aTask().Timeout(1500*time.Millisecond).StartTimeout(time.Minute).Logs("a", 1000, "256Ki").Obj(), anExecution().Obj())
	frozen, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := SnapshotOf(frozenJob(string(frozen), "main"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-frozen +read:\n%s", diff)
	}
}

// A user who may edit Jobs cannot fill the memory: only short texts are kept.
func TestLimitsAreHeldWhereTheirTextIsShort(t *testing.T) {
	const text = `{"container":"held","maxEntries":10,"maxBytes":2048}`
	for annotation, held := range map[string]bool{text: true, text + strings.Repeat(" ", shortText): false} {
		for range 2 {
			if got, err := SnapshotOf(frozenJob(annotation, "held")); err != nil || got.MaxEntries != 10 {
				t.Errorf("got %+v, %v", got, err)
			}
		}
		if _, found := knownSnapshots.Get(annotation); found != held {
			t.Errorf("a text of %d bytes is held: %t, want %t", len(annotation), found, held)
		}
	}
}

// A user who may edit Jobs can write anything into the annotation. The tail must still stay small enough for etcd.
func TestSnapshotOfADamagedAnnotation(t *testing.T) {
	for name, annotation := range map[string]string{
		"it is gone":                      "",
		"it is no JSON":                   "hello",
		"it is no object":                 "[]",
		"half of it is gone":              `{"container":"main","maxEntries":10`,
		"a number is no number":           `{"container":"main","maxEntries":"many","maxBytes":2048}`,
		"a number is beyond 64 bits":      `{"container":"main","maxEntries":10,"maxBytes":1e400}`,
		"a timeout is no duration":        `{"container":"main","maxEntries":10,"maxBytes":2048,"timeout":"soon"}`,
		"it has no container":             `{"maxEntries":10,"maxBytes":2048}`,
		"it has too few entries":          `{"container":"main","maxEntries":1,"maxBytes":2048}`,
		"it has too many entries":         `{"container":"main","maxEntries":1001,"maxBytes":2048}`,
		"it has less than no entries":     `{"container":"main","maxEntries":-5,"maxBytes":2048}`,
		"it has too few bytes":            `{"container":"main","maxEntries":10,"maxBytes":1023}`,
		"it has more bytes than etcd has": `{"container":"main","maxEntries":10,"maxBytes":99999999999}`,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := SnapshotOf(frozenJob(annotation, "first", "second"))
			if err == nil {
				t.Error("nobody is told")
			}
			if got.Container != "first" || got.MaxEntries != 100 || got.MaxBytes != 16<<10 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestSnapshotOfAJobWithoutContainers(t *testing.T) {
	if got, err := SnapshotOf(frozenJob("")); err == nil || got.Container != "" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// A run must end whatever is written on its Job, but not before it began.
func TestSnapshotOfRefusesClocksThatTheAPIWouldNotTake(t *testing.T) {
	for name, clock := range map[string]string{
		"a timeout below a second":       `"timeout":"1ms"`,
		"a timeout of less than nothing": `"timeout":"-5m"`,
		"a start timeout of nothing":     `"startTimeout":"0s"`,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := SnapshotOf(frozenJob(`{"container":"main","maxEntries":10,"maxBytes":2048,`+clock+`}`, "main"))
			if err == nil {
				t.Errorf("nobody is told of %+v", got)
			}
		})
	}
}
