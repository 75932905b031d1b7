// Command facade measures what a poll and a list cost with many executions in the cache: it starts an API server, fills
// a namespace, runs bin/apiserver on it, and loads both with reads of the same executions in turn.
// `make bench-facade` sets up what it needs.
//
// It says which goals were missed, and ends with an error only when it could not measure.
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

// options of one measurement.
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
	// token of who asks, empty where the facade wants none.
	token string
}

func main() { harness.Main("bench", parseFlags, measure) }

func parseFlags(flags *flag.FlagSet, args []string) (*options, error) {
	o := &options{}
	flags.IntVar(&o.executions, "executions", 10_000, "How many executions there are.")
	flags.IntVar(&o.tailEvery, "tail-every", 10, "One of so many has a tail of 16 KiB.")
	flags.IntVar(&o.workers, "workers", 16, "How many clients ask, each for the next when it has the last.")
	flags.IntVar(&o.rounds, "rounds", 3, "How often each of the two is loaded.")
	flags.DurationVar(&o.round, "round", 5*time.Second, "How long each time.")
	flags.StringVar(&o.program, "program", "bin/apiserver", "The facade.")
	flags.StringVar(&o.arguments, "arguments", "", "More arguments of the facade, with blanks between.")
	flags.StringVar(&o.auth, "auth", "kubernetes", "The facade's --auth: kubernetes, where each request has a token, or none.")
	flags.StringVar(&o.role, "role", "config/rbac/viewer_cluster_role.yaml", "The ClusterRole of who asks.")
	flags.StringVar(&o.crds, "crds", "config/crd/bases", "The kinds to install.")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case o.executions < 100 || o.executions%100 != 0:
		return nil, fmt.Errorf("-executions is %d, want hundreds", o.executions)
	case o.tailEvery < 1, o.workers < 1, o.rounds < 1, o.round < time.Second:
		return nil, errors.New("-tail-every, -workers and -rounds want at least 1, -round at least a second")
	case os.Getenv("KUBEBUILDER_ASSETS") == "":
		return nil, errors.New("KUBEBUILDER_ASSETS is not set: run `make bench-facade`")
	}
	return o, nil
}

// measure fills, loads and reports.
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

// fields of the facade's arguments.
func (o *options) fields() []string { return strings.Fields(o.arguments) }
