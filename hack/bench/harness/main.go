// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package harness has what all benches share: starting, and reporting results and goals.
package harness

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
)

// Main parses the command line and runs a program until it ends or is interrupted. If it returns an error, Main
// prints the error after the program's name and exits.
func Main[O any](name string, parse func(*flag.FlagSet, []string) (O, error), run func(context.Context, O, io.Writer) error) {
	ctrl.SetLogger(logr.Discard()) // the client's warnings do not matter here
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	o, err := parse(flag.NewFlagSet(os.Args[0], flag.ExitOnError), os.Args[1:])
	if err == nil {
		err = run(ctx, o, os.Stdout)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
}
