// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package invariant

import (
	"regexp"
	"unicode/utf8"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// conditionReason is the form that the API server requires of a reason (metav1.Condition).
var conditionReason = regexp.MustCompile(`^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$`)

// conditions checks that the conditions agree with the phase, and that all have the same existing generation.
func (b *broken) conditions(e *v1alpha1.TaskExecution) {
	s := &e.Status
	if s.ObservedGeneration > e.Generation || s.ObservedGeneration < 1 {
		b.add("it speaks of generation %d of %d", s.ObservedGeneration, e.Generation)
	}
	if want := succeeded(s.Phase); !apimeta.IsStatusConditionPresentAndEqual(s.Conditions, v1alpha1.ConditionSucceeded, want) {
		b.add("%s is not Succeeded=%s", s.Phase, want)
	}
	for conditionType, want := range map[string]bool{
		v1alpha1.ConditionReconciling:  !s.Phase.IsTerminal(),
		v1alpha1.ConditionStalled:      s.Phase == v1alpha1.PhaseFailed,
		v1alpha1.ConditionLogsCaptured: s.Phase.IsTerminal(),
	} {
		c := apimeta.FindStatusCondition(s.Conditions, conditionType)
		if (c != nil) != want || (c != nil && conditionType != v1alpha1.ConditionLogsCaptured && c.Status != metav1.ConditionTrue) {
			b.add("%s has %s: %+v", s.Phase, conditionType, c)
		}
	}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if c.ObservedGeneration != s.ObservedGeneration || !conditionReason.MatchString(c.Reason) || c.LastTransitionTime.IsZero() || !utf8.ValidString(c.Message) {
			b.add("condition %+v", *c)
		}
	}
	if summary := s.LogSummary; summary != nil && s.Phase.IsTerminal() {
		if whole := apimeta.IsStatusConditionTrue(s.Conditions, v1alpha1.ConditionLogsCaptured); summary.Complete != whole {
			b.add("the log is whole: %t, and LogsCaptured is true: %t", summary.Complete, whole)
		}
	}
}

func succeeded(p v1alpha1.Phase) metav1.ConditionStatus {
	switch p {
	case v1alpha1.PhaseCompleted:
		return metav1.ConditionTrue
	case v1alpha1.PhaseFailed, v1alpha1.PhaseCancelled:
		return metav1.ConditionFalse
	default:
		return metav1.ConditionUnknown
	}
}
