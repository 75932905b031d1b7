// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Command soak creates runs at a steady rate for a long time. Meanwhile, at random, it kills the controller, restarts the
// API server and cuts log requests. It reports whether memory, goroutines and open streams stay flat. It also checks that
// each run has one Job and ends once, and that its log has every line or says that some are missing. `make soak` runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/taskexec/taskexec/hack/bench/harness"
	"github.com/taskexec/taskexec/hack/bench/lab"
)

type options struct {
	lab.Options
	duration, faults, sample time.Duration
	rate                     float64
	seed                     uint64
}

// settling is how long the last runs may take until they are checked.
const settling = 3 * time.Minute

func main() { harness.Main("soak", parseFlags, soak) }

func parseFlags(flags *flag.FlagSet, args []string) (*options, error) {
	o := &options{}
	flags.DurationVar(&o.duration, "duration", 30*time.Minute, "How long runs are created.")
	flags.Float64Var(&o.rate, "rate", 5, "Runs created per second.")
	flags.DurationVar(&o.faults, "faults", 20*time.Second, "Mean time between two faults. 0 means no faults.")
	flags.DurationVar(&o.sample, "sample", 15*time.Second, "How often the controller is measured.")
	flags.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "What decides which faults come when.")
	flags.DurationVar(&o.RunFor, "run-for", 5*time.Second, "How long a pod runs.")
	flags.IntVar(&o.Nodes, "nodes", 5, "Number of simulated nodes.")
	flags.IntVar(&o.Log.Lines, "lines", 50, "Lines that each run prints, spread over half of its time.")
	flags.IntVar(&o.Log.LineBytes, "line-bytes", 80, "Bytes of a line.")
	flags.StringVar(&o.Assets, "assets", "", "The folder with etcd, kube-apiserver, kube-controller-manager and kube-scheduler.")
	flags.StringVar(&o.Kwok, "kwok", "bin/kwok", "The program kwok.")
	flags.StringVar(&o.Controller, "controller", "bin/controller", "The controller under test.")
	flags.StringVar(&o.CRDs, "crds", "config/crd/bases", "The folder of its CustomResourceDefinitions.")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if o.duration <= 0 || o.rate <= 0 || o.sample <= 0 || o.Log.Lines < 1 || o.Nodes < 1 || o.Assets == "" {
		return nil, errors.New("-duration, -rate, -sample, -lines and -nodes must be more than 0, and -assets must be set: run `make soak`")
	}
	o.Log.Every = o.RunFor / 2 / time.Duration(o.Log.Lines)
	return o, nil
}

func soak(ctx context.Context, o *options, out io.Writer) (err error) {
	fmt.Fprintf(out, "%g runs a second for %s, a fault each %s or so, seed %d\n", o.rate, o.duration, o.faults, o.seed)
	l, err := lab.Start(ctx, o.Options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Stop()) }()
	if err := l.StartController(ctx); err != nil {
		return err
	}
	a := &account{lab: l, lines: o.Log.Lines, open: map[string]time.Time{}}
	if err := a.prepare(ctx); err != nil {
		return err
	}
	s := &samples{lab: l, account: a, out: out, begin: time.Now()}
	load, endLoad := context.WithTimeout(ctx, o.duration)
	defer endLoad()
	watching, endWatch := context.WithCancel(ctx)
	defer endWatch()
	var work errgroup.Group
	work.Go(func() error { return s.take(watching, o.sample) })
	work.Go(func() error { return a.settle(watching) })
	var pressure errgroup.Group
	pressure.Go(func() error { return a.create(load, o.rate) })
	pressure.Go(func() error { return inject(load, ctx, o, l, s) })
	err = pressure.Wait()
	if err == nil {
		err = a.wait(ctx, settling)
	}
	endWatch()
	if err := errors.Join(err, work.Wait()); err != nil {
		return err
	}
	return s.report()
}

// inject causes faults until load is done: often it cuts log requests, sometimes it restarts the API server. It kills
// the controller less often, so that the controller lives long enough to show whether its memory grows.
func inject(load, ctx context.Context, o *options, l *lab.Lab, s *samples) error {
	if o.faults == 0 {
		return nil
	}
	random := rand.New(rand.NewPCG(o.seed, 0))
	for {
		wait := time.NewTimer(o.faults/2 + time.Duration(random.Int64N(int64(o.faults))))
		select {
		case <-load.Done():
			wait.Stop()
			return nil
		case <-wait.C:
		}
		switch n := random.IntN(20); {
		case n < 15:
			s.fault("logs cut")
			l.Kubelet.CutAll()
		case n < 19:
			s.fault("API server restarted")
			if err := l.RestartAPI(); err != nil {
				return err
			}
		default:
			s.fault("controller killed")
			if err := errors.Join(l.KillController(), l.StartController(ctx)); err != nil {
				return err
			}
		}
	}
}
