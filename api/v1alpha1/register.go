// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	// GroupVersion names this API in every manifest: taskexec.dev/v1alpha1.
	GroupVersion = schema.GroupVersion{Group: "taskexec.dev", Version: "v1alpha1"}

	schemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

	// AddToScheme registers the kinds of this package.
	AddToScheme = schemeBuilder.AddToScheme
)

func addKnownTypes(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion,
		&Task{}, &TaskList{},
		&TaskExecution{}, &TaskExecutionList{},
		&TaskSchedule{}, &TaskScheduleList{},
	)
	metav1.AddToGroupVersion(s, GroupVersion)
	return nil
}
