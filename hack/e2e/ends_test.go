// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	quantities "k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// fails runs a Task to its end. It checks the reason of the failure in the record and in the explanation.
func fails(t *testing.T, task *v1alpha1.Task, reason string, words ...string) execution {
	t.Helper()
	id := execute(t, given(t, task), nil)
	e := polled(t, id)
	t.Logf("%s: %s", e.Reason, e.Message)
	if e.Status != "failed" || e.Reason != reason {
		t.Errorf("want failed for %s, got %s", reason, text(e))
	}
	x := explained(t, id, reason)
	for _, w := range words {
		if !strings.Contains(e.Message, w) || !strings.Contains(x.Sentence, w) {
			t.Errorf("want %q in %q and in %q", w, e.Message, x.Sentence)
		}
	}
	for _, w := range []string{"no fault of its program", "retryOnDisruption", "memory"} {
		if strings.Contains(x.Sentence+x.Advice, w) {
			t.Errorf("it says %q: %s", w, text(x))
		}
	}
	return e
}

func podSpec(task *v1alpha1.Task) *corev1.PodSpec { return &task.Spec.JobTemplate.Spec.Template.Spec }

// withoutConfig returns a Task whose init container succeeds. Its main container needs a ConfigMap that does not
// exist.
func withoutConfig() *v1alpha1.Task {
	task := taskOf(`true`)
	spec := podSpec(task)
	prepare := *spec.Containers[0].DeepCopy()
	prepare.Name = "prepare"
	spec.InitContainers = []corev1.Container{prepare}
	spec.Containers[0].EnvFrom = []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "no-such-config"}}}}
	return task
}

// If Kubernetes knows why a run does not start, the facade says it while the run waits and after its end. The run
// ends when its start timeout is over.
func TestCase26CauseOfARunThatDoesNotStart(t *testing.T) {
	t.Parallel()
	const clock = 20 * time.Second
	t.Run("a volume", func(t *testing.T) {
		task := taskOf(`true`)
		task.Spec.StartTimeout = timeout(clock)
		podSpec(task).Volumes = []corev1.Volume{{Name: "c", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "no-such-config"}}}}}
		podSpec(task).Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "c", MountPath: "/c"}}
		e := fails(t, task, v1alpha1.ReasonStartTimeout, `configmap "no-such-config" not found`)
		r := resource(t, e.ExecutionID)
		if took := r.Status.CompletionTime.Sub(r.CreationTimestamp.Time); took > clock+15*time.Second {
			t.Errorf("it took %s to end at a clock of %s", took, clock)
		}
	})
	t.Run("no such command", func(t *testing.T) {
		task := taskOf("")
		podSpec(task).Containers[0].Command = []string{"no-such-command"}
		fails(t, task, v1alpha1.ReasonContainerNotStarted, `no-such-command`)
	})
	t.Run("the main container, after an init container", func(t *testing.T) {
		task := withoutConfig()
		task.Spec.StartTimeout = timeout(clock)
		fails(t, task, v1alpha1.ReasonStartTimeout, `CreateContainerConfigError: container "main": configmap "no-such-config" not found`)
	})
}

func TestCase26CancelOfARunOfWhichNothingRuns(t *testing.T) {
	t.Parallel()
	id := execute(t, given(t, withoutConfig()), nil)
	eventually(t, "it says what it waits for", func() (bool, string) {
		e := resource(t, id)
		return e.Status.Reason == v1alpha1.ReasonContainerWaiting && strings.Contains(e.Status.Message, "no-such-config"), text(e.Status)
	})
	cancel(t, id)
	var e *v1alpha1.TaskExecution
	eventually(t, "it is cancelled", func() (bool, string) {
		e = resource(t, id)
		return e.Status.Phase == v1alpha1.PhaseCancelled, text(e.Status)
	})
	r := e.Status.Cancellation
	took := r.CompletionTime.Sub(r.AcknowledgedTime.Time)
	t.Logf("it took %s: %s", took, e.Status.Message)
	if took < 0 || took > 12*time.Second || strings.Contains(e.Status.Message, "deleted") {
		t.Errorf("it took %s: %s", took, text(e.Status))
	}
}

// If a limit of the template ended the run, its reason says so, whatever the exit code is.
func TestCase27LimitsOfTheTemplate(t *testing.T) {
	t.Parallel()
	const obeys = `trap 'exit 0' TERM; echo begun; sleep 300 & wait`
	t.Run("the pod's deadline", func(t *testing.T) {
		task := taskOf(obeys)
		podSpec(task).ActiveDeadlineSeconds = ptr.To[int64](8)
		fails(t, task, v1alpha1.ReasonPodDeadlineExceeded, "activeDeadlineSeconds of 8")
	})
	t.Run("the Job's deadline", func(t *testing.T) {
		task := taskOf(obeys)
		task.Spec.JobTemplate.Spec.ActiveDeadlineSeconds = ptr.To[int64](8)
		fails(t, task, v1alpha1.ReasonJobDeadlineExceeded, "activeDeadlineSeconds of 8")
	})
	t.Run("ephemeral storage", func(t *testing.T) {
		nodes := &corev1.NodeList{}
		if err := kube.List(t.Context(), nodes); err != nil {
			t.Fatal(err)
		}
		if _, told := nodes.Items[0].Status.Allocatable[corev1.ResourceEphemeralStorage]; !told {
			t.Skip("the node does not count local storage")
		}
		task := taskOf(`echo begun; dd if=/dev/zero of=/scratch/file bs=1M count=20; sleep 300`)
		task.Spec.Timeout = timeout(100 * time.Second)
		limit := quantities.MustParse("2Mi")
		podSpec(task).Volumes = []corev1.Volume{{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: &limit}}}}
		podSpec(task).Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "scratch", MountPath: "/scratch"}}
		fails(t, task, v1alpha1.ReasonStorageLimitExceeded, `Usage of EmptyDir volume "scratch" exceeds the limit "2Mi"`)
	})
}
