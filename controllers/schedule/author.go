// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// A schedule runs its Task with nobody asking. Whoever wrote what it says is recorded on it, and its runs carry that name.
// Only who writes the spec over REST is known, or where config/admission-caller is installed. So the name is bound to a
// generation: if somebody else changes the spec later, the name is not his.

// Sign records who made or changed a schedule. generation is the one that the write makes. An empty user is nobody who is
// known, and leaves no name.
func Sign(s *v1alpha1.TaskSchedule, user string, generation int64) {
	if user == "" {
		delete(s.Annotations, v1alpha1.AnnotationChangedBy)
		delete(s.Annotations, v1alpha1.AnnotationChangedGeneration)
		return
	}
	if generation == 1 {
		metav1.SetMetaDataAnnotation(&s.ObjectMeta, v1alpha1.AnnotationCreatedBy, user)
	}
	metav1.SetMetaDataAnnotation(&s.ObjectMeta, v1alpha1.AnnotationChangedBy, user)
	metav1.SetMetaDataAnnotation(&s.ObjectMeta, v1alpha1.AnnotationChangedGeneration, strconv.FormatInt(generation, 10))
}

// ChangedBy returns who wrote what a schedule says now. It is empty if that is not known.
func ChangedBy(s *v1alpha1.TaskSchedule) string {
	if s.Annotations[v1alpha1.AnnotationChangedGeneration] != strconv.FormatInt(s.Generation, 10) {
		return ""
	}
	return clipUser(s.Annotations[v1alpha1.AnnotationChangedBy])
}

// markUser says on a run that anybody could have written its user on the schedule, where that is so.
func markUser(run *v1alpha1.TaskExecution, origin v1alpha1.Origin) {
	if run.Spec.Trigger.User != "" && origin != v1alpha1.OriginProven {
		metav1.SetMetaDataAnnotation(&run.ObjectMeta, v1alpha1.AnnotationUserClaimed, "true")
	}
}

// maxUser in characters, as the CRD has it for trigger.user.
const maxUser = 253

// clipUser cuts what somebody else wrote, so that the API server does not refuse the run for it.
func clipUser(name string) string {
	if runes := []rune(name); len(runes) > maxUser {
		return string(runes[:maxUser-1]) + "…"
	}
	return name
}
