// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Command logs measures how fast, and at what cost, the logs of many runs are copied and archived while all runs print.
// It uses the cluster of KUBECONFIG and the operator deployed there. `make bench-logs` sets up both and runs it.
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
	"time"

	"github.com/taskexec/taskexec/hack/bench/harness"
)

// options are the options of one measurement.
type options struct {
	runs      int
	rate      int
	duration  time.Duration
	gather    time.Duration
	lineBytes int
	namespace string
	image     string
	url       string
	// token is the token for the REST API.
	token string
}

func main() { harness.Main("bench", parseFlags, measure) }

func parseFlags(flags *flag.FlagSet, args []string) (*options, error) {
	o := &options{}
	flags.IntVar(&o.runs, "runs", 100, "Number of runs that print at once. The local cluster's node takes 250 pods.")
	flags.IntVar(&o.rate, "rate", 2, "Lines per second that each run prints. The node works for each line, too.")
	flags.DurationVar(&o.duration, "duration", time.Minute, "How long each run prints.")
	flags.DurationVar(&o.gather, "gather", 0, "How long runs have to start before they print. 0 means half a minute plus a second for each run.")
	flags.IntVar(&o.lineBytes, "line-bytes", 80, "Bytes of a line.")
	flags.StringVar(&o.namespace, "namespace", "default", "The namespace that the facade serves.")
	flags.StringVar(&o.image, "image", "busybox:1.37", "An image with busybox that is on the node.")
	flags.StringVar(&o.url, "url", os.Getenv("E2E_URL"), "URL of the REST API.")
	o.token = os.Getenv("E2E_TOKEN") // not a flag, because process lists show flags
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if o.gather == 0 {
		o.gather = 30*time.Second + time.Duration(o.runs)*time.Second
	}
	switch {
	case o.runs < 1, o.rate < 1, o.lines() < 1:
		return nil, errors.New("-runs, -rate and -duration must be enough for one line")
	case o.lineBytes < 16 || o.lineBytes > 4096:
		return nil, fmt.Errorf("-line-bytes is %d, want 16 to 4096", o.lineBytes)
	case o.url == "":
		return nil, errors.New("-url is not set, and neither is E2E_URL: run `make bench-logs`")
	case o.token == "":
		return nil, errors.New("E2E_TOKEN is not set, the token for the REST API: run `make bench-logs`")
	}
	return o, nil
}

// measure creates the runs, watches them to their end and reports.
func measure(ctx context.Context, o *options, out io.Writer) (err error) {
	c, err := connect(o)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("bench-logs-%d", time.Now().Unix())
	defer func() { err = errors.Join(err, c.remove(name)) }()
	watched, err := c.watch(ctx, name)
	if err != nil {
		return err
	}
	defer watched.Stop()
	begin := time.Now().Add(o.gather).Truncate(time.Second)
	fmt.Fprintf(out, "%d runs print %d lines a second for %s, from %s on\n", o.runs, o.rate, o.duration, begin.Format(time.TimeOnly))
	if err := c.create(ctx, name, begin); err != nil {
		return err
	}

	polled := make(chan polls, 1)
	pollContext, endPolls := context.WithCancel(ctx)
	defer endPolls()
	go func() { polled <- c.poll(pollContext, begin, begin.Add(o.duration)) }()

	seen := newSeen(o)
	if err := seen.follow(ctx, watched, begin.Add(o.duration)); err != nil {
		return err
	}
	endPolls()
	r := report{seen: seen, polls: <-polled, end: begin.Add(o.duration)}
	r.whole, r.wrong = c.count(ctx, seen)
	return r.print(out)
}
