// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// The log of a run has the lines of its init containers and of its own container, over all attempts in order. A
// sidecar has a log of its own.
func TestLogOfInitContainersSidecarsAndAttempts(t *testing.T) {
	t.Parallel()
	const lines = 20
	task := taskOf(fmt.Sprintf(`i=0; while [ $i -lt %d ]; do echo "main $HOSTNAME $i"; i=$((i+1)); done; exit 1`, lines))
	task.Spec.Retries = 1
	pod := &task.Spec.JobTemplate.Spec.Template.Spec
	container := func(name, script string) corev1.Container {
		c := pod.Containers[0]
		c.Name, c.Command = name, []string{"sh", "-c", script}
		return c
	}
	pod.Volumes = []corev1.Volume{{Name: "shared", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
	pod.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "shared", MountPath: "/shared"}}
	sidecar := container("helper", ticking+`trap 'echo "helper $HOSTNAME stops"; exit 0' TERM; touch /shared/trapped
i=0; while true; do echo "helper $HOSTNAME $i"; i=$((i+1)); tick 0.1; done`)
	sidecar.RestartPolicy = ptr.To(corev1.ContainerRestartPolicyAlways)
	pod.InitContainers = []corev1.Container{sidecar, container("prepare", `until [ -e /shared/trapped ]; do sleep 0.1; done; echo "prepare $HOSTNAME"`)}

	id := execute(t, given(t, task), nil)
	e := captured(t, id)
	if !verdictOf(t, e) {
		t.Errorf("nothing excuses that a short log is not whole: %s", text(e.Status.LogSummary))
	}
	if len(e.Status.Pods) != 2 {
		t.Fatalf("want two attempts, got %s", text(e.Status.Pods))
	}
	var want []string
	for attempt, p := range e.Status.Pods {
		of := []string{"prepare " + p.Name}
		for i := range lines {
			of = append(of, fmt.Sprintf("main %s %d", p.Name, i))
		}
		sameLines(t, id, fmt.Sprintf("attempt=%d", attempt+1), of)
		sameLines(t, id, fmt.Sprintf("attempt=%d&container=prepare", attempt+1), of[:1])
		want = append(want, of...)
		checkSidecar(t, id, attempt+1, p.Name)
	}
	sameLines(t, id, "", want)
	for i, entry := range page(t, id, "limit=1000").Entries {
		if attempt := 1 + i/(lines+1); entry.Attempt != attempt || (i%(lines+1) == 0) != (entry.Container == "prepare") {
			t.Errorf("entry %d is of attempt %d, container %q", i, entry.Attempt, entry.Container)
		}
	}
	var mirrored []string
	for _, l := range e.Status.Logs {
		if strings.HasPrefix(l.Message, "helper ") {
			t.Errorf("the sidecar is in the mirrored tail: %s", text(l))
		} else if strings.HasPrefix(l.Message, "main ") || strings.HasPrefix(l.Message, "prepare ") {
			mirrored = append(mirrored, l.Message)
		}
	}
	if !slices.Equal(mirrored, want) {
		t.Errorf("the mirrored tail has\n%s\nwant\n%s", strings.Join(mirrored, "\n"), strings.Join(want, "\n"))
	}
}

func sameLines(t *testing.T, id, query string, want []string) {
	t.Helper()
	if got, want := string(wholeLog(t, id, query)), strings.Join(want, "\n")+"\n"; got != want {
		t.Errorf("the log with %q is\n%s\nwant\n%s", query, got, want)
	}
}

func checkSidecar(t *testing.T, id string, attempt int, pod string) {
	t.Helper()
	log := strings.TrimSuffix(string(wholeLog(t, id, fmt.Sprintf("container=helper&attempt=%d", attempt))), "\n")
	got := strings.Split(log, "\n")
	for i, line := range got {
		want := fmt.Sprintf("helper %s %d", pod, i)
		if i == len(got)-1 {
			want = "helper " + pod + " stops"
		}
		if line != want {
			t.Errorf("line %d of the sidecar in attempt %d is %q, want %q", i, attempt, line, want)
		}
	}
}
