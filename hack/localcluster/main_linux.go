// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Command localcluster runs a real single-node Kubernetes on this machine, for development and tests.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/taskexec/taskexec/hack/localcluster/internal/preflight"
	"github.com/taskexec/taskexec/hack/localcluster/internal/process"
)

// exitCode is an error that ends the program with this exit code and prints nothing.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func main() {
	preflight.SystemPath()
	process.RaiseOpenFiles()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newRoot().ExecuteContext(ctx)
	stop()
	var code exitCode
	if errors.As(err, &code) {
		os.Exit(int(code))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "localcluster:", err)
		os.Exit(1)
	}
}
