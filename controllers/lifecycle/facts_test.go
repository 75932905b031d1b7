// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestEndMarkIsReadBack(t *testing.T) {
	zone := time.FixedZone("CST", 8*3600)
	reason, at, ok := endMark(podOf(func(pod *corev1.Pod) {
		pod.Annotations = map[string]string{v1alpha1.AnnotationEnded: EndMark("Cancelled", noon.In(zone))}
	}))
	if !ok || reason != "Cancelled" || !at.Equal(noon) {
		t.Errorf("got %q, %s, %t", reason, at, ok)
	}
}

func TestEndedByUs(t *testing.T) {
	for name, c := range map[string]struct {
		scene *scene
		want  string
	}{
		"no pod":                         {given().job(), ""},
		"told, and ended as told":        {given().job().pod(exited(143), killed, marked("Cancelled", time.Second)), "Cancelled"},
		"told, and ended by itself":      {given().job().pod(exited(3), marked("Cancelled", time.Second)), ""},
		"ended by a deadline of its own": {given().job().pod(exited(143), killed), ""},
		"told, with an invalid mark": {given().job().pod(exited(143), killed, func(p *corev1.Pod) {
			p.Annotations = map[string]string{v1alpha1.AnnotationEnded: strings.Repeat("x", 100)}
		}), ""},
		"the attempt before was told": {given().job().pod(exited(143), killed, marked("Cancelled", time.Minute)).pod(exited(3)), ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := endedByUs(gather(&c.scene.Observation))
			if ok != (c.want != "") || (ok && got != c.want) {
				t.Errorf("got %q, %t", got, ok)
			}
		})
	}
}

func TestGather(t *testing.T) {
	for name, c := range map[string]struct {
		scene            *scene
		started          time.Time
		live, terminated int
	}{
		"nothing yet":                          {given(), time.Time{}, 0, 0},
		"a pod that waits":                     {given().job().pod(onNode, waiting("ErrImagePull")), time.Time{}, 1, 0},
		"a pod that runs":                      {given().job().pod(runningFor(time.Minute)), noon.Add(-time.Minute), 1, 0},
		"a pod that was restarted":             {given().job().pod(runningFor(time.Second), restarted(1, 1, time.Minute)), noon.Add(-time.Minute), 1, 0},
		"a pod that ended and one that runs":   {given().job().pod(exited(1)).pod(runningFor(time.Second)), noon.Add(-11 * time.Second), 1, 1},
		"the first word is kept":               {startedBefore(given().job(), time.Hour).pod(runningFor(time.Second)), noon.Add(-time.Hour), 1, 0},
		"a container whose start was lost":     {given().job().pod(onNode, lostStart), time.Time{}, 1, 0},
		"an init container is the first start": {given().job().pod(runningFor(time.Second), initEnded(0)), noon.Add(-12 * time.Second), 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := gather(&c.scene.Observation)
			if !f.started.Equal(c.started) || len(f.live) != c.live || f.terminated != c.terminated {
				t.Errorf("started %s, %d live, %d terminated", f.started, len(f.live), f.terminated)
			}
		})
	}
}

// lostStart is a container for which the runtime reports the epoch as its start.
func lostStart(pod *corev1.Pod) {
	containerIs(pod, corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Unix(0, 0)}})
}

func TestClip(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		n    int
		want string
	}{
		"what fits is itself":    {"abcdef", 6, "abcdef"},
		"what does not is cut":   {"abcdefg", 6, "abc…"},
		"runes are not cut":      {"同同同", 8, "同…"},
		"nothing":                {"", 6, ""},
		"no UTF-8 is no crash":   {strings.Repeat("\x80", 9), 8, "…"},
		"room only for the dots": {"abcdefg", 3, "…"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := clip(c.text, c.n); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestEndOfARun(t *testing.T) {
	complete := func(s *scene) *scene { return s.jobEnds(batchv1.JobComplete, "") }
	for name, c := range map[string]struct {
		scene    *scene
		end      time.Time
		duration string
	}{
		"the last container's end":               {complete(given().job().pod(exited(0))), noon.Add(-time.Second), "10s"},
		"now, when something may still run":      {complete(given().job().pod(exited(0)).pod(runningFor(time.Second))), noon, "11s"},
		"now, when nothing ran":                  {given().cancelled(), noon, ""},
		"not before the start, by another clock": {complete(startedBefore(given().job(), -time.Hour).pod(exited(0))), noon.Add(time.Hour), "0s"},
		"the last end of all attempts":           {complete(startedBefore(given().job(), time.Hour).pod(exited(1)).pod(exited(0))), noon.Add(-time.Second), "59m"},
	} {
		t.Run(name, func(t *testing.T) {
			status := Decide(c.scene.Observation).Status
			if status.CompletionTime == nil || !status.CompletionTime.Time.Equal(c.end) || status.Duration != c.duration {
				t.Errorf("ended %s after %q", status.CompletionTime, status.Duration)
			}
		})
	}
}

func TestFirstWordOnIdentityStands(t *testing.T) {
	s := given().job()
	s.Execution.Status.Task = &v1alpha1.TaskIdentity{UID: "first", Generation: 1}
	s.Execution.Status.StartTime = ptr.To(metav1.NewTime(noon.Add(-time.Hour)))
	status := Decide(s.pod(runningFor(time.Second)).Observation).Status
	if status.Task.UID != "first" || status.Job.UID != "job-uid" || !status.StartTime.Time.Equal(noon.Add(-time.Hour)) {
		t.Errorf("got %+v", status)
	}
}
