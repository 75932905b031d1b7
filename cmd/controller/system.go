// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"

	"github.com/taskexec/taskexec/cmd/internal/account"
)

// systemNamespace returns the controller's own namespace: the value of the flag, or else the namespace of the pod. It
// is empty outside of a pod.
func systemNamespace(flag, file string) string {
	return cmp.Or(flag, account.Namespace(file))
}
