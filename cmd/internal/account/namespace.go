// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package account tells a program which service account it runs as.
package account

import (
	"os"
	"strings"
)

// NamespaceFile is where the kubelet writes the namespace of a pod, next to the token of its service account.
const NamespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// Namespace reads the namespace from a file such as NamespaceFile. It is empty if the file does not exist, as outside
// of a pod.
func Namespace(file string) string {
	raw, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(raw))
}
