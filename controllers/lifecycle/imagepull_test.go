// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// troubledSince records an image pull failure that began some time ago.
func (s *scene) troubledSince(ago time.Duration) *scene {
	apimeta.SetStatusCondition(&s.Execution.Status.Conditions, metav1.Condition{
		Type: v1alpha1.ConditionImagesPulled, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonImagePullBackOff,
		Message: `ImagePullBackOff: image "busybox"`, LastTransitionTime: metav1.NewTime(noon.Add(-ago)),
	})
	return s
}

func TestImagePull(t *testing.T) {
	pulling := func(changes ...func(*corev1.Pod)) *scene {
		return given().job().pod(append([]func(*corev1.Pod){onNode, waiting("ErrImagePull")}, changes...)...)
	}
	ended := given().job().troubledSince(time.Minute).pod(onNode, marked(v1alpha1.ReasonImagePullFailed, time.Second), killed)
	impatient := pulling().troubledSince(0)
	impatient.Job.CreationTimestamp = metav1.NewTime(noon.Add(-5 * time.Minute))
	table{
		"within the grace":                       {pulling().troubledSince(20 * time.Second), "Pending/JobCreated in 40s", `image "busybox"`},
		"after it the pod is ended":              {pulling().troubledSince(time.Minute), "Pending/ end:run-a(ImagePullFailed) in 10s", ""},
		"and the run has failed":                 {ended, "Failed/ImagePullFailed", `could not be pulled for 1m0s: ImagePullBackOff: image "busybox"`},
		"also by the Job's own word":             {endedJob(ended), "Failed/ImagePullFailed", `image "busybox"`},
		"a pull that worked is no trouble":       {given().job().troubledSince(time.Minute).pod(runningFor(time.Second)), "Running/ContainerStarted", ""},
		"a name that is none":                    {given().job().pod(onNode, waiting("InvalidImageName")), "Pending/JobCreated in 1m0s", "InvalidImageName: image"},
		"the start clock may be shorter":         {impatient, "Pending/ end:run-a(StartTimeout) in 10s", ""},
		"a second attempt is not for ever":       {startedBefore(pulling(), time.Hour).troubledSince(time.Minute), "Pending/ end:run-a(ImagePullFailed) in 10s", ""},
		"one that ended well as it was told did": {given().job().troubledSince(time.Minute).pod(exited(0), marked(v1alpha1.ReasonImagePullFailed, 0)), "Pending/", ""},
	}.run(t)
}

func endedJob(s *scene) *scene {
	copied := &scene{s.Observation}
	copied.Job = s.Job.DeepCopy()
	return copied.jobEnds(batchv1.JobFailed, "BackoffLimitExceeded")
}

func TestImagePullConditionRemembersSinceWhen(t *testing.T) {
	condition := func(s *scene) *metav1.Condition {
		return apimeta.FindStatusCondition(Decide(s.Observation).Status.Conditions, v1alpha1.ConditionImagesPulled)
	}
	if c := condition(given().job().pod(onNode, waiting("ErrImagePull"))); c == nil || !c.LastTransitionTime.Time.Equal(noon) || !strings.Contains(c.Message, "busybox") {
		t.Errorf("at first %+v", c)
	}
	since := noon.Add(-30 * time.Second)
	if c := condition(given().job().troubledSince(30*time.Second).pod(onNode, waiting("ImagePullBackOff"))); c == nil || !c.LastTransitionTime.Time.Equal(since) {
		t.Errorf("later %+v, want since %s", c, since)
	}
	if c := condition(given().job().troubledSince(30 * time.Second).pod(runningFor(0))); c != nil {
		t.Errorf("after all %+v", c)
	}
}

func TestATimeoutKeepsTheLastWord(t *testing.T) {
	unschedulable := func(s *scene) *scene {
		s.Execution.Status.Message = "Unschedulable: 0/1 nodes are available"
		s.Job.CreationTimestamp = metav1.NewTime(noon.Add(-5 * time.Minute))
		return s
	}
	quota := given().job()
	quota.PodsRefused = jobspec.RefusedPods(`Error creating: pods "run-x7k2p" is forbidden: exceeded quota: small, requested: pods=1`)
	table{
		"of a pod that was ended":        {unschedulable(given().job()).pod(onNode, marked(v1alpha1.ReasonStartTimeout, 0), killed).counted(0, 1), "Failed/StartTimeout", "within 5m0s: Unschedulable: 0/1"},
		"when the Job fails first":       {endedJob(unschedulable(given().job()).pod(onNode, marked(v1alpha1.ReasonStartTimeout, 0), killed)), "Failed/StartTimeout", "within 5m0s: Unschedulable: 0/1"},
		"a quota, while it waits for it": {quota, "Pending/JobCreated in 4m30s", "FailedCreate: exceeded quota: small"},
	}.run(t)
}
