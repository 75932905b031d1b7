// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// A schedule runs its Task without anybody asking. The author of its spec is recorded on it, and its runs carry that
// name. The author is only known if the spec is written over REST, or if config/admission-caller is installed. So the
// name is bound to a generation: if somebody else changes the spec later, the name no longer counts.

// Sign records who created or changed a schedule. generation is the one that the write produces. An empty user is
// unknown, and leaves no name.
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

// ChangedBy returns the author of a schedule's current spec, or empty if that is not known.
func ChangedBy(s *v1alpha1.TaskSchedule) string {
	if s.Annotations[v1alpha1.AnnotationChangedGeneration] != strconv.FormatInt(s.Generation, 10) {
		return ""
	}
	return clipUser(s.Annotations[v1alpha1.AnnotationChangedBy])
}

// markUser records on a run that anybody could have written its user on the schedule, if that is so.
func markUser(run *v1alpha1.TaskExecution, origin v1alpha1.Origin) {
	if run.Spec.Trigger.User != "" && origin != v1alpha1.OriginProven {
		metav1.SetMetaDataAnnotation(&run.ObjectMeta, v1alpha1.AnnotationUserClaimed, "true")
	}
}

// maxUser is in characters, as in the CRD for trigger.user.
const maxUser = 253

// clipUser cuts a name that somebody else wrote, so that the API server does not refuse the run for it.
func clipUser(name string) string {
	if runes := []rune(name); len(runes) > maxUser {
		return string(runes[:maxUser-1]) + "…"
	}
	return name
}
