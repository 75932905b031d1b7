// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"encoding/json"
	"reflect"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// IsSameRun reports whether an existing execution requests the same run as one that was about to be created: the same
// Task with the same params, from the same origin. Names of scheduled runs can be known beforehand, so a name alone
// proves nothing. A cancel makes no difference, because it may have come later. Nor does when and in which cluster it
// was requested, nor do labels and annotations.
func IsSameRun(found, made *v1alpha1.TaskExecution) bool {
	a, b := found.Spec, made.Spec
	if !sameJSON(a.Params, b.Params) {
		return false
	}
	a.Params, b.Params = nil, nil
	a.Cancel, b.Cancel = nil, nil
	for _, trigger := range []*v1alpha1.Trigger{&a.Trigger, &b.Trigger} {
		trigger.Time, trigger.Cluster = nil, ""
	}
	return equality.Semantic.DeepEqual(a, b)
}

// sameJSON compares values. The API server stores JSON with another order of fields and other spaces.
func sameJSON(a, b *apiextensionsv1.JSON) bool {
	if a == nil || b == nil {
		return a == b
	}
	var x, y any
	if json.Unmarshal(a.Raw, &x) != nil || json.Unmarshal(b.Raw, &y) != nil {
		return false
	}
	return reflect.DeepEqual(x, y)
}
