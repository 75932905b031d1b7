// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

func TestCase53OwnersAreProofAndLabelsAreNot(t *testing.T) {
	owner := func(version, kind, uid string, controller bool) []metav1.OwnerReference {
		return []metav1.OwnerReference{{APIVersion: version, Kind: kind, Name: "x", UID: types.UID("uid-of-" + uid), Controller: ptr.To(controller)}}
	}
	for name, c := range map[string]struct {
		owners             []metav1.OwnerReference
		pod, podOfAny, job bool
	}{
		"nothing":                     {},
		"a Job":                       {owners: owner("batch/v1", "Job", "a", true), pod: true, podOfAny: true},
		"another Job":                 {owners: owner("batch/v1", "Job", "b", true), podOfAny: true},
		"a Job that is no controller": {owners: owner("batch/v1", "Job", "a", false)},
		"a Job of another group":      {owners: owner("example.com/v1", "Job", "a", true)},
		"an execution":                {owners: owner("taskexec.dev/v1alpha1", "TaskExecution", "a", true), job: true},
		"an execution later":          {owners: owner("taskexec.dev/v1", "TaskExecution", "a", true), job: true},
		"another execution":           {owners: owner("taskexec.dev/v1alpha1", "TaskExecution", "b", true)},
		"no version":                  {owners: owner("a/b/c", "TaskExecution", "a", true)},
	} {
		object := &metav1.ObjectMeta{OwnerReferences: c.owners, Labels: map[string]string{"taskexec.dev/execution-uid": "uid-of-a"}}
		if got := IsPodOf(object, "uid-of-a"); got != c.pod {
			t.Errorf("%s: the pod is of the Job: %t", name, got)
		}
		if got := IsPodOfAJob(object); got != c.podOfAny {
			t.Errorf("%s: the pod is of a Job: %t", name, got)
		}
		if got := IsJobOf(object, "uid-of-a"); got != c.job {
			t.Errorf("%s: the Job is of the execution: %t", name, got)
		}
		if IsPodOf(object, "") || IsJobOf(object, "") {
			t.Errorf("%s belongs to what has no UID", name)
		}
	}
	nameless := &metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "Job", Controller: ptr.To(true)}}}
	if IsPodOf(nameless, "") {
		t.Error("an owner without a UID is one")
	}
}
