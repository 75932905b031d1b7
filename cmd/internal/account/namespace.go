// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package account tells a program about the service account that it runs under.
package account

import (
	"os"
	"strings"
)

// NamespaceFile is where the kubelet writes the namespace of a pod, next to the token of its service account.
const NamespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// Namespace returns the namespace in a file such as NamespaceFile. It is empty if there is no such file, as outside of a pod.
func Namespace(file string) string {
	raw, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(raw))
}
