package main

import (
	"os"
	"strings"
)

// accountNamespace is the file in which a kubelet tells a pod its namespace.
const accountNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// systemNamespace gives the controller's own namespace: the one that a flag names, or else that of the pod. It is empty
// where the controller runs in no pod.
func systemNamespace(flag, file string) string {
	if flag != "" {
		return flag
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(raw))
}
