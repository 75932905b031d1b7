// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Command taskexec-archive looks after an archive: it verifies it, lists and exports runs, makes the history anew from the
// records, records the logs of earlier versions, and forgets single runs. It needs no Kubernetes.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(run())
}

// run returns the exit code.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := newCommand().ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "taskexec-archive:", err)
	return exitCode(err)
}
