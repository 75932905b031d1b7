// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package tracking

import (
	"maps"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestDeclared(t *testing.T) {
	label := func(key string) metav1.ObjectMeta { return metav1.ObjectMeta{Labels: map[string]string{key: "x"}} }
	annotation := func(key string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Annotations: map[string]string{key: "x"}}
	}
	fields := func(operation metav1.ManagedFieldsOperationType, manager, subresource string) metav1.ObjectMeta {
		return metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{{Manager: manager, Operation: operation, Subresource: subresource}}}
	}
	for name, c := range map[string]struct {
		object metav1.ObjectMeta
		want   bool
	}{
		"nothing":                     {metav1.ObjectMeta{}, false},
		"kubectl apply":               {annotation("kubectl.kubernetes.io/last-applied-configuration"), true},
		"kubectl apply --server-side": {fields(metav1.ManagedFieldsOperationApply, "kubectl", ""), true},
		"kubectl apply --applyset":    {label("applyset.kubernetes.io/part-of"), true},
		"kubectl create":              {fields(metav1.ManagedFieldsOperationUpdate, "kubectl-create", ""), false},
		"kubectl patch":               {fields(metav1.ManagedFieldsOperationUpdate, "kubectl-patch", ""), false},
		"a status that is applied":    {fields(metav1.ManagedFieldsOperationApply, "other", "status"), false},
		"Argo CD, by label":           {label("app.kubernetes.io/instance"), true},
		"Argo CD, by its own label":   {label("argocd.argoproj.io/instance"), true},
		"Argo CD, by annotation":      {annotation("argocd.argoproj.io/tracking-id"), true},
		"Flux, a Kustomization":       {label("kustomize.toolkit.fluxcd.io/name"), true},
		"Flux, a HelmRelease":         {label("helm.toolkit.fluxcd.io/name"), true},
		"Helm":                        {annotation("meta.helm.sh/release-name"), true},
		"kpt":                         {annotation("config.k8s.io/owning-inventory"), true},
		"kapp":                        {label("kapp.k14s.io/app"), true},
		"Fleet":                       {annotation("objectset.rio.cattle.io/id"), true},
		"a label of somebody's own":   {label("team"), false},
		"one of the recommended":      {label("app.kubernetes.io/name"), false},
		"an annotation of ours":       {annotation("taskexec.dev/execution"), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Declared(&c.object); got != c.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestWithout(t *testing.T) {
	given := map[string]string{"team": "a", "argocd.argoproj.io/tracking-id": "app", LabelInstance: "app"}
	before := maps.Clone(given)
	got := Without(given)
	if !maps.Equal(got, map[string]string{"team": "a", LabelInstance: "app"}) {
		t.Errorf("got %v", got)
	}
	if !maps.Equal(before, given) {
		t.Error("what was given was changed")
	}
	if Without(nil) != nil {
		t.Error("nothing became something")
	}
}
