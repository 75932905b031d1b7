// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tracking recognizes the labels and annotations with which tools mark the objects that they applied from
// manifests.
package tracking

import (
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// LabelInstance is Argo CD's default mark until version 3, and also a recommended label of Kubernetes, by which people
// select pods.
const LabelInstance = "app.kubernetes.io/instance"

// marks are the labels and annotations that only such a tool writes.
var marks = []string{
	"kubectl.kubernetes.io/last-applied-configuration",
	"config.k8s.io/owning-inventory", // cli-utils, kpt
	"config.kubernetes.io/owning-inventory",
	"kapp.k14s.io/app", // kapp
	"kapp.k14s.io/association",
}

// prefixes are those of the labels and annotations of such tools.
var prefixes = []string{
	"argocd.argoproj.io/",            // tracking-id, sync-wave, instance
	"kustomize.toolkit.fluxcd.io/",   // Flux: name, namespace
	"helm.toolkit.fluxcd.io/",        // Flux: name, namespace
	"meta.helm.sh/",                  // Helm: release-name, release-namespace
	"helm.sh/",                       // Helm: hook, resource-policy
	"objectset.rio.cattle.io/",       // Rancher Fleet
	"applyset.kubernetes.io/part-of", // kubectl apply --prune --applyset
}

// IsMark reports whether a label or annotation of that name marks an applied object.
func IsMark(key string) bool {
	return slices.Contains(marks, key) ||
		slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

// Without returns labels or annotations without such marks. If there are none, it returns its argument.
func Without(values map[string]string) map[string]string {
	if !hasMark(values) {
		return values
	}
	out := maps.Clone(values)
	maps.DeleteFunc(out, func(key, _ string) bool { return IsMark(key) })
	return out
}

func hasMark(values map[string]string) bool {
	for key := range values {
		if IsMark(key) {
			return true
		}
	}
	return false
}

// Declared reports whether an object was applied from a manifest: it has a tool's mark, or server-side apply created
// it. The owner of the manifest creates such an object again when it is gone. Declared is false for an object that
// somebody created or patched.
func Declared(object metav1.Object) bool {
	labels := object.GetLabels()
	_, instance := labels[LabelInstance]
	if instance || hasMark(labels) || hasMark(object.GetAnnotations()) {
		return true
	}
	return slices.ContainsFunc(object.GetManagedFields(), func(f metav1.ManagedFieldsEntry) bool {
		return f.Operation == metav1.ManagedFieldsOperationApply && f.Subresource == ""
	})
}
