// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskexecution

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// eventTypes are the reasons that become Kubernetes Events, with the type of each: those that somebody asked for or may
// have to act on.
var eventTypes = map[string]string{
	v1alpha1.ReasonTaskNotFound:            corev1.EventTypeWarning,
	v1alpha1.ReasonJobRefused:              corev1.EventTypeWarning,
	v1alpha1.ReasonContainerWaiting:        corev1.EventTypeWarning,
	v1alpha1.ReasonRetrying:                corev1.EventTypeWarning,
	v1alpha1.ReasonNonZeroExit:             corev1.EventTypeWarning,
	v1alpha1.ReasonContainerNotStarted:     corev1.EventTypeWarning,
	v1alpha1.ReasonOOMKilled:               corev1.EventTypeWarning,
	v1alpha1.ReasonEvicted:                 corev1.EventTypeWarning,
	v1alpha1.ReasonPreempted:               corev1.EventTypeWarning,
	v1alpha1.ReasonNodeShutdown:            corev1.EventTypeWarning,
	v1alpha1.ReasonNodeLost:                corev1.EventTypeWarning,
	v1alpha1.ReasonPodRejected:             corev1.EventTypeWarning,
	v1alpha1.ReasonDisrupted:               corev1.EventTypeWarning,
	v1alpha1.ReasonJobFailed:               corev1.EventTypeWarning,
	v1alpha1.ReasonPodDeadlineExceeded:     corev1.EventTypeWarning,
	v1alpha1.ReasonJobDeadlineExceeded:     corev1.EventTypeWarning,
	v1alpha1.ReasonProbeFailed:             corev1.EventTypeWarning,
	v1alpha1.ReasonStorageLimitExceeded:    corev1.EventTypeWarning,
	v1alpha1.ReasonDeadlineExceeded:        corev1.EventTypeWarning,
	v1alpha1.ReasonStartTimeout:            corev1.EventTypeWarning,
	v1alpha1.ReasonQueueTimeout:            corev1.EventTypeWarning,
	v1alpha1.ReasonImagePullFailed:         corev1.EventTypeWarning,
	v1alpha1.ReasonConcurrencyForbidden:    corev1.EventTypeWarning,
	v1alpha1.ReasonQueueFull:               corev1.EventTypeWarning,
	v1alpha1.ReasonNamespaceQueueFull:      corev1.EventTypeWarning,
	v1alpha1.ReasonTaskSuspended:           corev1.EventTypeWarning,
	v1alpha1.ReasonInvalidParams:           corev1.EventTypeWarning,
	v1alpha1.ReasonSecretNotFound:          corev1.EventTypeWarning,
	v1alpha1.ReasonSensitiveParamReadable:  corev1.EventTypeWarning,
	v1alpha1.ReasonInvalidTask:             corev1.EventTypeWarning,
	v1alpha1.ReasonInvalidJobTemplate:      corev1.EventTypeWarning,
	v1alpha1.ReasonUndecodable:             corev1.EventTypeWarning,
	v1alpha1.ReasonNotAllowedByTask:        corev1.EventTypeWarning,
	v1alpha1.ReasonNameConflict:            corev1.EventTypeWarning,
	v1alpha1.ReasonRestoredCopy:            corev1.EventTypeWarning,
	v1alpha1.ReasonStartDeadlineExceeded:   corev1.EventTypeWarning,
	v1alpha1.ReasonJobLost:                 corev1.EventTypeWarning,
	v1alpha1.ReasonCancelRequested:         corev1.EventTypeNormal,
	v1alpha1.ReasonCancelled:               corev1.EventTypeNormal,
	v1alpha1.ReasonFinishedWhileCancelling: corev1.EventTypeNormal,
}
