// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package apiserver

import (
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Nobody can write another user's name into a schedule. The facade's entry counts until somebody else changes the spec.
func TestCase56AuthorOfAScheduleCannotBeForged(t *testing.T) {
	l := newGatedLab(t, apiServer, "taskexec")
	l.task(t, "mine")
	l.serviceRoles(t)
	ann := l.writer(t)
	l.withPolicies(t, labelPolicies)
	for _, annotations := range []map[string]string{
		{v1alpha1.AnnotationCreatedBy: "bob"},
		{v1alpha1.AnnotationChangedBy: "bob", v1alpha1.AnnotationChangedGeneration: "1"},
	} {
		forged := l.schedule("forged", "mine")
		forged.Annotations = annotations
		wantForbidden(t, ann.Create(t.Context(), forged), "which is "+l.userName("ann"))
	}
	made := l.schedule("made", "mine")
	made.Annotations = map[string]string{v1alpha1.AnnotationCreatedBy: "bob", v1alpha1.AnnotationChangedBy: "bob", v1alpha1.AnnotationChangedGeneration: "1"}
	if err := kubectlAs(t, facadeUser).Create(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, patch, says string }{ // in this order: each patch that passes changes the schedule
		{"another maker", `{"metadata":{"annotations":{"taskexec.dev/created-by":"cid"}}}`, "taskexec.dev/created-by"},
		{"another author", `{"metadata":{"annotations":{"taskexec.dev/changed-by":"cid"}}}`, "taskexec.dev/changed-by"},
		{"the author of another change", `{"spec":{"schedule":"@hourly"},"metadata":{"annotations":{"taskexec.dev/changed-generation":"2"}}}`, "taskexec.dev/changed-by"},
		{"another annotation", `{"metadata":{"annotations":{"x":"y"}}}`, ""},
		{"a change of one's own", `{"spec":{"schedule":"@hourly"}}`, ""},
		{"nobody is named", `{"metadata":{"annotations":{"taskexec.dev/changed-by":null}}}`, ""},
	} {
		err := patched(t, ann, l.schedule("made", ""), types.MergePatchType, c.patch)
		if c.says != "" {
			wantForbidden(t, err, c.says)
		} else if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// If the cluster can fill in names, a schedule shows who wrote it with kubectl.
func TestCase56AuthorOfAScheduleIsFilledIn(t *testing.T) {
	l := newGatedLab(t, apiServer, "taskexec")
	l.task(t, "mine")
	l.serviceRoles(t)
	ann := l.writer(t)
	l.withPolicies(t, labelPolicies, labelCaller)
	name := l.userName("ann")
	s := l.schedule("made", "mine")
	if err := ann.Create(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	wants := func(what, created, changed, generation string) {
		t.Helper()
		got := s.Annotations
		if got[v1alpha1.AnnotationCreatedBy] != created || got[v1alpha1.AnnotationChangedBy] != changed || got[v1alpha1.AnnotationChangedGeneration] != generation {
			t.Errorf("%s: %v", what, got)
		}
	}
	wants("created", name, name, "1")
	if err := patched(t, ann, s, types.MergePatchType, `{"metadata":{"labels":{"a":"b"}}}`); err != nil {
		t.Fatal(err)
	}
	wants("labelled", name, name, "1")
	if err := patched(t, adminClient, s, types.MergePatchType, `{"spec":{"suspend":true}}`); err != nil {
		t.Fatal(err)
	}
	if s.Generation != 2 || s.Annotations[v1alpha1.AnnotationChangedBy] == name {
		t.Errorf("generation %d", s.Generation)
	}
	wants("switched off by another", name, s.Annotations[v1alpha1.AnnotationChangedBy], "2")
}
