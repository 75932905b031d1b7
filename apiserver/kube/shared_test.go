// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"

	gocmp "github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// labelled returns a run whose texts have memory of their own.
func labelled() *v1alpha1.TaskExecution {
	e := printed("a", 1, 0)
	e.Spec.TaskRef.Name, e.Status.Message = strings.Clone("sync"), strings.Clone("the Job completed")
	e.Status.Conditions = []metav1.Condition{{Type: strings.Clone("Succeeded"), Status: "True", Reason: "Completed", Message: strings.Clone("the Job completed")}}
	e.Status.Pods = []v1alpha1.PodMirror{{Name: "pod", Node: strings.Clone("node-0"), Phase: "Succeeded"}}
	e.Status.Task = &v1alpha1.TaskIdentity{UID: "u"}
	e.Labels = map[string]string{strings.Clone("team"): strings.Clone("billing"), "none": ""}
	e.Annotations = map[string]string{strings.Clone("note"): "of this run"}
	return e
}

// Runs with the same texts share their memory, and no run changes.
func TestTextsAreShared(t *testing.T) {
	s, a, b := newShared(), labelled(), labelled()
	s.in(a)
	s.in(b)
	if diff := gocmp.Diff(labelled(), b); diff != "" {
		t.Error(diff)
	}
	keyOf := func(m map[string]string, text string) string {
		for key := range m {
			if key == text {
				return key
			}
		}
		return ""
	}
	for what, of := range map[string]func(*v1alpha1.TaskExecution) string{
		"task":             func(e *v1alpha1.TaskExecution) string { return e.Spec.TaskRef.Name },
		"message":          func(e *v1alpha1.TaskExecution) string { return e.Status.Message },
		"condition":        func(e *v1alpha1.TaskExecution) string { return e.Status.Conditions[0].Type },
		"node":             func(e *v1alpha1.TaskExecution) string { return e.Status.Pods[0].Node },
		"label":            func(e *v1alpha1.TaskExecution) string { return e.Labels["team"] },
		"key of a label":   func(e *v1alpha1.TaskExecution) string { return keyOf(e.Labels, "team") },
		"of an annotation": func(e *v1alpha1.TaskExecution) string { return keyOf(e.Annotations, "note") },
	} {
		if unsafe.StringData(of(a)) != unsafe.StringData(of(b)) {
			t.Errorf("the text of the %s is not shared", what)
		}
	}
}

func TestSharedTextsAreBounded(t *testing.T) {
	s := newShared()
	for i := range 3 * maxShared {
		e := labelled()
		e.Status.Message = fmt.Sprint("a message of one run ", i)
		if s.in(e); e.Status.Message != fmt.Sprint("a message of one run ", i) || len(s.texts) > maxShared {
			t.Fatalf("%q, %d texts", e.Status.Message, len(s.texts))
		}
	}
	if long := strings.Repeat("x", maxSharedLength+1); s.copyOf(long) != long || s.texts[long] != "" {
		t.Error("a long text is kept")
	}
}
