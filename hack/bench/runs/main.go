// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Command runs compares the cost of a run of a Task with that of a bare Job: runs per second, latency, requests, and the
// controller's CPU and memory. `make bench` builds what it needs and runs it.
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

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/taskexec/taskexec/hack/bench/harness"
	"github.com/taskexec/taskexec/hack/bench/lab"
)

// options are the options of one measurement.
type options struct {
	lab.Options
	runs, rounds, inFlight int
	pace                   float64
	// limited is the number of runs of each kind under Kubernetes' default request limits.
	limited int
	// kept is the number of finished runs while memory is measured. keptLog is the size of each one's log in bytes.
	kept, keptLog int
	page          string
	write         bool
	profiles      string
	controllerArg string
}

// pacedFor is about how long a paced round creates runs.
const pacedFor = 20 * time.Second

func main() { harness.Main("bench", parseFlags, measure) }

func parseFlags(flags *flag.FlagSet, args []string) (*options, error) {
	o := &options{}
	flags.IntVar(&o.runs, "runs", 1000, "Runs of each kind in a round.")
	flags.IntVar(&o.rounds, "rounds", 3, "Number of rounds. 0 measures only memory.")
	flags.IntVar(&o.inFlight, "in-flight", 100, "Number of runs that are active at once. When one ends, another is created.")
	flags.Float64Var(&o.pace, "pace", 4, "Runs per second in a last round without queueing. 0 leaves it out.")
	flags.IntVar(&o.limited, "limited", 160, "Runs of each kind on a control plane with Kubernetes' default limits of requests. 0 leaves it out.")
	flags.DurationVar(&o.RunFor, "run-for", 100*time.Millisecond, "How long a pod runs.")
	flags.IntVar(&o.Nodes, "nodes", 10, "Number of simulated nodes.")
	flags.IntVar(&o.Log.Lines, "lines", 10, "Lines that each run prints.")
	flags.IntVar(&o.Log.LineBytes, "line-bytes", 80, "Bytes of a line.")
	flags.IntVar(&o.kept, "kept", 10_000, "Finished runs that exist while memory is measured. 0 leaves it out.")
	flags.IntVar(&o.keptLog, "kept-log", 16<<10, "Bytes of log of each of them.")
	flags.BoolVar(&o.write, "write", false, "Write the tables into -page.")
	flags.StringVar(&o.page, "page", "docs/performance.md", "The page for the tables. It has marks for them.")
	flags.StringVar(&o.profiles, "profiles", "", "Folder for profiles of the controller and the API server during the last round. Empty means no profiles.")
	flags.StringVar(&o.controllerArg, "controller-args", "", "Flags of the controller, separated by spaces.")
	flags.StringVar(&o.Assets, "assets", "", "The folder with etcd, kube-apiserver, kube-controller-manager and kube-scheduler.")
	flags.StringVar(&o.Kwok, "kwok", "bin/kwok", "The program kwok.")
	flags.StringVar(&o.Controller, "controller", "bin/controller", "The controller to measure.")
	flags.StringVar(&o.CRDs, "crds", "config/crd/bases", "The folder of its CustomResourceDefinitions.")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	o.ControllerArgs = strings.Fields(o.controllerArg)
	switch {
	case o.runs < 1, o.inFlight < 1, o.Nodes < 1:
		return nil, errors.New("-runs, -in-flight and -nodes must be at least 1")
	case o.rounds < 0, o.kept < 0, o.pace < 0, o.limited < 0:
		return nil, errors.New("-rounds, -kept, -pace and -limited must be 0 or more")
	case o.Assets == "":
		return nil, errors.New("-assets is not set: run `make bench`")
	}
	return o, nil
}

// measure measures what was requested, prints the results and writes them to the page.
func measure(ctx context.Context, o *options, out io.Writer) error {
	begin := time.Now()
	r := &report{options: o, at: begin}
	if o.profiles != "" {
		if err := os.MkdirAll(o.profiles, 0o755); err != nil {
			return err
		}
	}
	if o.rounds > 0 {
		fmt.Fprintln(out, "Control plane, simulated nodes and controller")
		if err := r.inLab(ctx, r.Options, func(b *bench) error { return r.measureRuns(ctx, b, out) }); err != nil {
			return err
		}
	}
	if o.rounds > 0 && o.limited > 0 {
		fmt.Fprintln(out, "Another control plane, with the limits of requests that Kubernetes gives it")
		limited := r.Options
		limited.DefaultLimits = true
		if err := r.inLab(ctx, limited, func(b *bench) error { return r.measureLimited(ctx, b, out) }); err != nil {
			return err
		}
	}
	if o.kept > 0 {
		fmt.Fprintf(out, "Another control plane, with %d finished runs of %d KiB of log each\n", o.kept, o.keptLog>>10)
		if err := r.inLab(ctx, r.Options, func(b *bench) error { return r.measureMemory(ctx, b) }); err != nil {
			return err
		}
	}
	fmt.Fprintln(out)
	if err := r.print(out); err != nil {
		return err
	}
	fmt.Fprintf(out, "It took %s\n", time.Since(begin).Round(time.Second))
	if o.write {
		return r.rewrite()
	}
	return nil
}

// inLab starts a lab, measures something in it and stops it.
func (r *report) inLab(ctx context.Context, o lab.Options, measure func(*bench) error) error {
	l, err := lab.Start(ctx, o)
	if err != nil {
		return err
	}
	return errors.Join(measure(&bench{options: r.options, lab: l}), l.Stop())
}

// measureRuns runs the rounds. The two kinds alternate in going first.
func (r *report) measureRuns(ctx context.Context, b *bench, out io.Writer) error {
	if err := b.lab.StartController(ctx); err != nil {
		return err
	}
	if _, err := b.round(ctx, bareJobs, "warm-up-jobs", min(r.runs, 50), rate.Inf); err != nil {
		return err
	}
	if _, err := b.round(ctx, executions, "warm-up-executions", min(r.runs, 50), rate.Inf); err != nil {
		return err
	}
	for i := range r.rounds {
		order := []*kind{bareJobs, executions}
		if i%2 == 1 {
			order = []*kind{executions, bareJobs}
		}
		for _, k := range order {
			profiled := r.profile(ctx, b.lab, k == executions && i == r.rounds-1)
			measured, err := b.round(ctx, k, fmt.Sprintf("round-%d-%s", i+1, k.short), r.runs, rate.Inf)
			if err := errors.Join(err, <-profiled); err != nil {
				return err
			}
			r.add(k, measured)
			fmt.Fprintf(out, "Round %d: %4d × %-13s %6.1f a second, p50 %s\n", i+1, r.runs, k.name, measured.rate(), measured.percentile(50))
		}
	}
	return r.measurePaced(ctx, b, out)
}

// measurePaced runs one round of each kind at a pace that the control plane can sustain, so that runs do not queue.
func (r *report) measurePaced(ctx context.Context, b *bench, out io.Writer) error {
	if r.pace == 0 {
		return nil
	}
	r.paced = map[*kind]*measured{}
	for _, k := range []*kind{bareJobs, executions} {
		measured, err := b.round(ctx, k, "paced-"+k.short, max(1, int(r.pace*pacedFor.Seconds())), rate.Limit(r.pace))
		if err != nil {
			return err
		}
		r.paced[k] = measured
		fmt.Fprintf(out, "Paced:   %4d × %-13s %6.1f a second, p50 %s\n", measured.runs, k.name, measured.rate(), measured.percentile(50))
	}
	return nil
}

// measureLimited runs one round of each kind.
func (r *report) measureLimited(ctx context.Context, b *bench, out io.Writer) (err error) {
	if err := b.lab.StartController(ctx); err != nil {
		return err
	}
	r.underLimits = map[*kind]*measured{}
	for _, k := range []*kind{bareJobs, executions} {
		if r.underLimits[k], err = b.round(ctx, k, "limited-"+k.short, r.limited, rate.Inf); err != nil {
			return err
		}
		fmt.Fprintf(out, "Limited: %4d × %-13s %6.1f a second\n", r.limited, k.name, r.underLimits[k].rate())
	}
	return nil
}

// profile takes profiles during a round, if wanted: of the controller's CPU and memory and of the API server's CPU.
func (r *report) profile(ctx context.Context, l *lab.Lab, wanted bool) <-chan error {
	done := make(chan error, 1)
	if r.profiles == "" || !wanted {
		done <- nil
		return done
	}
	go func() {
		var both errgroup.Group
		both.Go(func() error { return l.Profile(ctx, "profile?seconds=10", r.profiles+"/cpu.prof") })
		both.Go(func() error { return l.ProfileAPI(ctx, 10*time.Second, r.profiles+"/apiserver.prof") })
		done <- errors.Join(both.Wait(), l.Profile(ctx, "allocs", r.profiles+"/allocs.prof"), l.Profile(ctx, "heap?gc=1", r.profiles+"/heap.prof"))
	}()
	return done
}
