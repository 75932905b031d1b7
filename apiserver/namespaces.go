// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// watched returns the namespaces of the watch cache. One empty name means all.
func (o *Options) watched() []string {
	if o.AllNamespaces {
		return []string{metav1.NamespaceAll}
	}
	return append([]string{o.Namespace}, o.OtherNamespaces...)
}

// several reports whether the paths /namespaces/{namespace} are served.
func (o *Options) several() bool { return o.AllNamespaces || len(o.OtherNamespaces) > 0 }

// serves reports whether a namespace is served. A server without a list serves every namespace.
func (s *server) serves(namespace string) bool {
	return namespace == s.namespace || len(s.named) == 0 || slices.Contains(s.named, namespace)
}
