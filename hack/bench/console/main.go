// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Command console measures the web console in headless Chromium. It starts an API server, creates runs, archives a long
// log with the controller's own writer, and runs bin/apiserver on both. Then apiserver/console/web/scripts/bench.mjs opens
// the pages, and this program changes runs meanwhile. `make bench-console` runs it.
//
// It reports missed goals, and fails only if it could not measure.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/taskexec/taskexec/hack/bench/harness"
	"github.com/taskexec/taskexec/hack/bench/lab"
)

// options are the options of one measurement.
type options struct {
	executions int
	lines      int
	rounds     int
	// changes is how many changes of runs a page sees while it is left open, in duration. An hour of two a second has 7,200.
	changes  int
	duration time.Duration
	// lineRate is how many lines a second the followed log prints.
	lineRate int
	// onlyOpen leaves out all but the open pages.
	onlyOpen bool
	program  string
	script   string
	crds     string
	chromium string
}

func main() { harness.Main("bench", parseFlags, measure) }

func parseFlags(flags *flag.FlagSet, args []string) (*options, error) {
	o := &options{}
	flags.IntVar(&o.executions, "executions", 10_000, "Number of executions in the history.")
	flags.IntVar(&o.lines, "lines", 1_000_000, "Number of lines of the long log.")
	flags.IntVar(&o.rounds, "rounds", 5, "How many times each page is measured.")
	flags.IntVar(&o.changes, "changes", 7200, "Number of changes of runs that the open pages see: those of an hour at two a second.")
	flags.DurationVar(&o.duration, "duration", 5*time.Minute, "In which time the open pages see them. 1h is real time.")
	flags.IntVar(&o.lineRate, "line-rate", 120, "Lines per second of the log that is followed: in 5 minutes those of an hour at ten a second.")
	flags.BoolVar(&o.onlyOpen, "only-open", false, "Measure only the pages that are left open.")
	flags.StringVar(&o.program, "program", "bin/apiserver", "The facade, with the console in it.")
	flags.StringVar(&o.script, "script", "apiserver/console/web/scripts/bench.mjs", "What opens the pages.")
	flags.StringVar(&o.crds, "crds", "config/crd/bases", "The folder of the CustomResourceDefinitions.")
	flags.StringVar(&o.chromium, "chromium", "/usr/bin/chromium", "The browser.")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case o.executions < 100 || o.lines < 1000 || o.rounds < 1 || o.changes < 1 || o.lineRate < 1:
		return nil, errors.New("-executions must be at least 100, -lines 1000, and the others 1")
	case o.duration < 10*time.Second:
		return nil, errors.New("-duration must be at least 10s")
	case os.Getenv("KUBEBUILDER_ASSETS") == "":
		return nil, errors.New("KUBEBUILDER_ASSETS is not set: run `make bench-console`")
	}
	if _, err := os.Stat(o.chromium); err != nil {
		return nil, fmt.Errorf("there is no browser: %w; install chromium, or name one with -chromium", err)
	}
	return o, nil
}

// measure fills the API server and the archive, opens the pages and reports.
func measure(ctx context.Context, o *options, out io.Writer) (err error) {
	log := lab.Log{Lines: 1 << 30, LineBytes: 100, Every: time.Second / time.Duration(o.lineRate)}
	api, err := lab.StartNode(ctx, lab.Options{CRDs: o.crds, Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, api.Stop()) }()
	folder, err := os.MkdirTemp("", "taskexec-console-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	f := &filled{options: o, Lab: api, archive: filepath.Join(folder, "archive"), spool: filepath.Join(folder, "spool")}
	begin := time.Now()
	if err := f.fill(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d executions and a log of %d lines, made in %s\n", o.executions, o.lines, time.Since(begin).Round(time.Second))
	url, facade, err := f.runFacade(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, facade.Stop()) }()
	result, err := f.browse(ctx, url)
	if err != nil {
		return err
	}
	return (&report{options: o, figures: result, changed: f.changed}).print(out)
}

// runFacade starts the facade and waits until it is ready.
func (f *filled) runFacade(ctx context.Context) (string, *lab.Process, error) {
	port, err := lab.FreePort()
	if err != nil {
		return "", nil, err
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	url := "http://" + address
	process, err := f.Run(ctx, "apiserver", f.program, url+"/readyz", "--kubeconfig="+f.Kubeconfig(), "--bind-address="+address,
		"--namespace="+namespace, "--shutdown-delay=0s", "--auth=none", "--archive-url=file://"+f.archive)
	return url, process, err
}

// browse runs the script, and changes runs while it leaves pages open.
func (f *filled) browse(ctx context.Context, url string) (*figures, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	settings, err := json.Marshal(map[string]any{
		"origin": url, "chromium": f.chromium, "rounds": f.rounds, "executions": f.executions, "lines": f.lines,
		"longRun": longRun, "liveRun": liveRun, "openFor": f.duration.Milliseconds(), "onlyOpen": f.onlyOpen,
	})
	if err != nil {
		return nil, err
	}
	script := exec.CommandContext(ctx, "node", f.script, string(settings))
	script.Stderr = os.Stderr
	script.Cancel = func() error { return script.Process.Signal(os.Interrupt) } // it closes the browser
	script.WaitDelay = 20 * time.Second
	output, err := script.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := script.Start(); err != nil {
		return nil, fmt.Errorf("running %s: %w", f.script, err)
	}
	result, read := f.listen(ctx, json.NewDecoder(output))
	if read != nil {
		stop()
	}
	if err := errors.Join(read, script.Wait()); err != nil {
		return nil, fmt.Errorf("running %s: %w", f.script, err)
	}
	return result, nil
}

// listen reads what the script says: {"open":true} when its pages are open, {"open":false} when they are measured, and the
// figures at the end.
func (f *filled) listen(ctx context.Context, said *json.Decoder) (*figures, error) {
	changing, end := context.WithCancel(ctx)
	defer end()
	changed := make(chan error, 1)
	changed <- nil
	for {
		var message struct {
			Open    *bool
			Figures *figures
		}
		if err := said.Decode(&message); err != nil {
			return nil, err
		}
		switch {
		case message.Figures != nil:
			return message.Figures, <-changed
		case message.Open != nil && *message.Open:
			if err := <-changed; err != nil { // of those before
				return nil, err
			}
			go func() { changed <- f.change(changing) }()
		case message.Open != nil:
			end()
		}
	}
}
