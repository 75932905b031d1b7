package main

import (
	"cmp"

	"github.com/taskexec/taskexec/cmd/internal/account"
)

// systemNamespace returns the controller's own namespace: the one that a flag names, or else that of the pod. It is empty
// where the controller runs in no pod.
func systemNamespace(flag, file string) string {
	return cmp.Or(flag, account.Namespace(file))
}
