// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Command facade measures the cost of a poll and of a list with many executions in the cache. It starts an API server,
// fills a namespace, runs bin/apiserver on it, and loads both in turn with reads of the same executions.
// `make bench-facade` runs it.
//
// It reports missed goals, and fails only if it could not measure.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/taskexec/taskexec/hack/bench/harness"
	"github.com/taskexec/taskexec/hack/bench/lab"
)

// options are the options of one measurement.
type options struct {
	executions int
	tailEvery  int
	workers    int
	rounds     int
	round      time.Duration
	program    string
	arguments  string
	auth       string
	role       string
	crds       string
	// token is the caller's token. It is empty if the facade needs none.
	token string
}

func main() { harness.Main("bench", parseFlags, measure) }

func parseFlags(flags *flag.FlagSet, args []string) (*options, error) {
	o := &options{}
	flags.IntVar(&o.executions, "executions", 10_000, "Number of executions.")
	flags.IntVar(&o.tailEvery, "tail-every", 10, "Every how many executions one has a tail of 16 KiB.")
	flags.IntVar(&o.workers, "workers", 16, "Number of clients. Each sends its next request when it has the last answer.")
	flags.IntVar(&o.rounds, "rounds", 3, "How many times each of the two is loaded.")
	flags.DurationVar(&o.round, "round", 5*time.Second, "How long each is loaded.")
	flags.StringVar(&o.program, "program", "bin/apiserver", "The facade.")
	flags.StringVar(&o.arguments, "arguments", "", "More arguments of the facade, separated by spaces.")
	flags.StringVar(&o.auth, "auth", "kubernetes", "The facade's --auth: kubernetes, with a token in each request, or none.")
	flags.StringVar(&o.role, "role", "config/rbac/viewer_cluster_role.yaml", "The ClusterRole of the clients.")
	flags.StringVar(&o.crds, "crds", "config/crd/bases", "The folder of the CustomResourceDefinitions.")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case o.executions < 100 || o.executions%100 != 0:
		return nil, fmt.Errorf("-executions is %d, want hundreds", o.executions)
	case o.tailEvery < 1, o.workers < 1, o.rounds < 1, o.round < time.Second:
		return nil, errors.New("-tail-every, -workers and -rounds must be at least 1, and -round at least a second")
	case os.Getenv("KUBEBUILDER_ASSETS") == "":
		return nil, errors.New("KUBEBUILDER_ASSETS is not set: run `make bench-facade`")
	}
	return o, nil
}

// measure fills the API server, loads both programs and reports.
func measure(ctx context.Context, o *options, out io.Writer) (err error) {
	api, err := lab.StartAPI(ctx, lab.Options{CRDs: o.crds})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, api.Stop()) }()
	l := &filled{o, api}
	begin := time.Now()
	if err := l.fill(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d executions, every %d. with a tail of 16 KiB, made in %s\n", o.executions, o.tailEvery, time.Since(begin).Round(time.Second))
	if o.auth != "none" {
		if o.token, err = l.viewer(ctx); err != nil {
			return err
		}
	}
	f, err := l.runFacade(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.process.Stop()) }()
	r := report{options: o}
	for range o.rounds {
		if err := r.load(ctx, l, f); err != nil {
			return err
		}
	}
	if r.lists, err = f.lists(ctx); err != nil {
		return err
	}
	use, err := f.process.Use()
	if err != nil {
		return err
	}
	r.memory = use.Peak
	return r.print(out)
}

// fields splits the facade's arguments.
func (o *options) fields() []string { return strings.Fields(o.arguments) }
