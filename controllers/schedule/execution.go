// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// hashLength is in hex digits: 40 bits, as in the name of a Job.
const hashLength = 10

// stamp is the format of a tick in a name. It is in UTC, so that an hour that comes twice has two names, and in lower
// case.
const stamp = "20060102t150405z"

// ExecutionName derives a run's name from its schedule's name, truncated, the time of its tick and the schedule's UID,
// hashed: nightly-20261124t023000z-1a2b3c4d5e. It has at most 253 characters. One tick has one name, on every
// controller and after every restart. A schedule that was deleted and created again has other names.
func ExecutionName(schedule string, uid types.UID, tick time.Time) string {
	sum := sha256.Sum256([]byte(uid))
	suffix := "-" + tick.UTC().Format(stamp) + "-" + hex.EncodeToString(sum[:])[:hashLength]
	if most := validation.DNS1123SubdomainMaxLength - len(suffix); len(schedule) > most {
		schedule = schedule[:most]
	}
	return strings.TrimRight(schedule, "-.") + suffix
}

// execution returns the run of a tick. It has no owner, because the runs of a deleted schedule stay, with their
// records.
func execution(s *v1alpha1.TaskSchedule, tick time.Time) *v1alpha1.TaskExecution {
	e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{
		Namespace: s.Namespace,
		Name:      ExecutionName(s.Name, s.UID, tick),
		Labels: map[string]string{
			v1alpha1.LabelSchedule:    jobspec.LabelValue(s.Name),
			v1alpha1.LabelScheduleUID: string(s.UID),
		},
		Annotations: map[string]string{v1alpha1.AnnotationScheduledAt: tick.UTC().Format(time.RFC3339)},
	}}
	e.Spec.TaskRef = s.Spec.TaskRef
	e.Spec.Params = s.Spec.Params.DeepCopy()
	e.Spec.Trigger = v1alpha1.Trigger{Source: v1alpha1.TriggerSchedule, Name: s.Name, User: ChangedBy(s)}
	jobspec.Label(e)
	jobspec.SetRunLabels(e, s.Spec.Labels)
	if s.Spec.Timeout != nil {
		e.Spec.Timeout = &metav1.Duration{Duration: s.Spec.Timeout.Duration}
	}
	return e
}

// IsOf reports whether an execution says that this very schedule created it.
func IsOf(e *v1alpha1.TaskExecution, s *v1alpha1.TaskSchedule) bool {
	return e.Spec.Trigger.Source == v1alpha1.TriggerSchedule && e.Spec.Trigger.Name == s.Name &&
		e.Labels[v1alpha1.LabelScheduleUID] == string(s.UID)
}

// IsRun reports whether an existing execution with the name of a schedule's run is that run: it says so, and requests
// the same. The name can be known before the tick, so somebody else may have used it.
func IsRun(found *v1alpha1.TaskExecution, s *v1alpha1.TaskSchedule, run *v1alpha1.TaskExecution) bool {
	return IsOf(found, s) && jobspec.IsSameRun(found, run) &&
		found.Annotations[v1alpha1.AnnotationScheduledAt] == run.Annotations[v1alpha1.AnnotationScheduledAt]
}
