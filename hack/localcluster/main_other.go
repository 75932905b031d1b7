// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

// Command localcluster runs a real single-node Kubernetes on this machine, for development and tests.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "localcluster: a local cluster runs on Linux alone. Use any other cluster instead: "+
		"`kind create cluster`, or set KUBECONFIG to one that you have.")
	os.Exit(1)
}
