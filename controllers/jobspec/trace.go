// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"regexp"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// EnvTraceparent is the variable in which programs look for their trace:
// https://opentelemetry.io/docs/specs/otel/context/env-carriers/
const EnvTraceparent = "TRACEPARENT"

// traceparent matches version 00 (W3C Trace Context, 3.2), the only version. IDs of zeros are invalid.
var traceparent = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$`)

// traceOf returns the trace that an execution belongs to, or empty. Anybody who may write executions may write the
// annotation, so an invalid value is ignored.
func traceOf(execution *v1alpha1.TaskExecution) string {
	const noTrace, noParent = "00000000000000000000000000000000", "0000000000000000"
	value := execution.Annotations[v1alpha1.AnnotationTraceparent]
	parts := traceparent.FindStringSubmatch(value)
	if len(parts) != 3 || parts[1] == noTrace || parts[2] == noParent {
		return ""
	}
	return value
}

// trace writes on an object which trace it belongs to. A template's own trace would be the same for each run.
func trace(meta *metav1.ObjectMeta, execution *v1alpha1.TaskExecution) {
	delete(meta.Annotations, v1alpha1.AnnotationTraceparent)
	if of := traceOf(execution); of != "" {
		metav1.SetMetaDataAnnotation(meta, v1alpha1.AnnotationTraceparent, of)
	}
}

// traceEnvironment makes a program join the trace.
func traceEnvironment(execution *v1alpha1.TaskExecution) []corev1.EnvVar {
	if of := traceOf(execution); of != "" {
		return []corev1.EnvVar{literal(EnvTraceparent, of)}
	}
	return nil
}
