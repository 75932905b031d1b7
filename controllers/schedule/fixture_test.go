// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// created is the creation time of aSchedule.
var created = time.Date(2026, 1, 1, 0, 0, 30, 0, time.UTC)

// aSchedule returns a schedule that ticks each minute, with changes.
func aSchedule(changes ...func(*v1alpha1.TaskSchedule)) *v1alpha1.TaskSchedule {
	s := &v1alpha1.TaskSchedule{ObjectMeta: metav1.ObjectMeta{
		Namespace: "default", Name: "nightly", UID: "uid-1", Generation: 1, CreationTimestamp: metav1.NewTime(created),
	}}
	s.Spec.TaskRef.Name = "sync"
	s.Spec.Schedule = "* * * * *"
	s.Spec.CatchUpLimit = 1
	for _, change := range changes {
		change(s)
	}
	return s
}

func aTask() *v1alpha1.Task {
	return &v1alpha1.Task{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "sync"}}
}

func handledUntil(t time.Time) func(*v1alpha1.TaskSchedule) {
	return func(s *v1alpha1.TaskSchedule) {
		s.Status.ObservedSchedule = observedSchedule(&s.Spec)
		s.Status.HandledUntil = stamped(t)
	}
}

// was sets the reason that the last plan recorded.
func was(reason string) func(*v1alpha1.TaskSchedule) {
	return func(s *v1alpha1.TaskSchedule) {
		s.Status.ObservedSchedule = observedSchedule(&s.Spec)
		s.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: reason, ObservedGeneration: s.Generation}}
	}
}

func object(text string) *apiextensionsv1.JSON { return &apiextensionsv1.JSON{Raw: []byte(text)} }

func duration(d time.Duration) *metav1.Duration { return &metav1.Duration{Duration: d} }
