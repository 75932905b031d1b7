// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestImagePullFailed(t *testing.T) {
	ask(t, imagePullFailed, map[string]asked{
		"it still waits": {run(v1alpha1.PhasePending, v1alpha1.ReasonJobCreated, ""), silent},
		"it gave up": {
			run(v1alpha1.PhaseFailed, v1alpha1.ReasonImagePullFailed, `an image could not be pulled for 1m0s: image "x:1" of container "main" cannot be pulled`),
			says{v1alpha1.ReasonImagePullFailed, `"x:1"`, "imagePullSecrets"},
		},
	})
}

func TestImageUnpulled(t *testing.T) {
	const reason = v1alpha1.ReasonImagePullBackOff
	pending := func() *observed { return run(v1alpha1.PhasePending, v1alpha1.ReasonJobCreated, "") }
	remembers := func(o *observed) {
		o.Execution.Status.Conditions = []metav1.Condition{{
			Type: v1alpha1.ConditionImagesPulled, Status: metav1.ConditionFalse, LastTransitionTime: ago(time.Second), Message: `image "x:1" cannot be pulled`,
		}}
	}
	const sentence = `the image "registry.example/sync:1" of the container "main" cannot be pulled on node "n".`
	const words = `Failed to pull image "registry.example/sync:1": not found`
	init := func(p *corev1.Pod) {
		p.Spec.InitContainers = []corev1.Container{{Name: "prepare", Image: "prepare:2"}}
		p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "prepare", State: waiting("ImagePullBackOff", "")}}
	}
	ask(t, imageUnpulled, map[string]asked{
		"nothing is wrong":            {pending().pod("n", waiting("ContainerCreating", "")), silent},
		"no pod":                      {pending(), silent},
		"the first try failed":        {pending().pod("n", waiting("ErrImagePull", "")), says{reason, sentence, "its tag exist"}},
		"it backs off":                {pending().pod("n", waiting("ImagePullBackOff", "")), says{reason, sentence, ""}},
		"the registry's words":        {pending().pod("n", waiting("ImagePullBackOff", "")).event("Pod", "Failed", "Error: ImagePullBackOff").event("Pod", "Failed", words), says{reason, sentence + " The node reports: " + words, ""}},
		"with sensitive params":       {pending().secret().pod("n", waiting("ImagePullBackOff", "")), says{reason, sentence, ""}},
		"an impossible name":          {pending().pod("n", waiting("InvalidImageName", "")), says{reason, sentence, ""}},
		"of an init container":        {pending().pod("n", waiting("PodInitializing", ""), init), says{reason, `the image "prepare:2" of the container "prepare"`, ""}},
		"a second attempt":            {run(v1alpha1.PhaseRunning, v1alpha1.ReasonRetrying, "").pod("n", waiting("ErrImagePull", "")), says{reason, sentence, ""}},
		"no pod, but the status says": {pending().with(remembers), says{reason, `image "x:1" cannot be pulled`, ""}},
		"it has ended since":          {run(v1alpha1.PhaseFailed, v1alpha1.ReasonStartTimeout, "").with(remembers), silent},
	})
}
