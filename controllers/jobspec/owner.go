// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// A label does not prove the owner of an object, because anybody who may create pods or Jobs can set any label. An
// owner reference proves more. The garbage collector removes an object whose owner does not exist, so a forged
// reference must name a real Job, and config/admission/jobs_policy.yaml refuses that.

// IsPodOf reports whether a pod's controller is the Job with that UID. It is false for an empty UID.
func IsPodOf(pod metav1.Object, job types.UID) bool {
	owner := metav1.GetControllerOfNoCopy(pod)
	return job != "" && owner != nil && owner.UID == job && isKind(owner, batchv1.GroupName, "Job")
}

// IsPodOfAJob reports whether a pod's controller is any Job. Nothing else can be known if the Job is gone.
func IsPodOfAJob(pod metav1.Object) bool {
	owner := metav1.GetControllerOfNoCopy(pod)
	return owner != nil && isKind(owner, batchv1.GroupName, "Job")
}

// IsJobOf reports whether a Job's controller is the execution with that UID. It is false for an empty UID.
func IsJobOf(job metav1.Object, execution types.UID) bool {
	owner := metav1.GetControllerOfNoCopy(job)
	return execution != "" && owner != nil && owner.UID == execution && isKind(owner, v1alpha1.GroupVersion.Group, "TaskExecution")
}

func isKind(owner *metav1.OwnerReference, group, kind string) bool {
	version, err := schema.ParseGroupVersion(owner.APIVersion)
	return err == nil && version.Group == group && owner.Kind == kind
}
