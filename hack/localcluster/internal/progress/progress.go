// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package progress tells a person what is going on: one line per finished step with how long it took,
// and a sign of life for steps that take long.
package progress

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// heartbeat is how often a long step says that it is still at it.
const heartbeat = 20 * time.Second

// Reporter prints steps. Its zero value prints nothing.
type Reporter struct{ Out io.Writer }

// Step is one piece of work under way.
type Step struct {
	reporter *Reporter
	title    string
	started  time.Time
	stop     chan struct{}
	once     sync.Once
	mu       sync.Mutex
	detail   string
}

// Start begins a step that is expected to be short: nothing is printed until it ends, or drags on.
func (r *Reporter) Start(title string) *Step {
	step := &Step{reporter: r, title: title, started: time.Now(), stop: make(chan struct{})}
	go step.beat()
	return step
}

// StartLong begins a step and announces it, with what to expect.
func (r *Reporter) StartLong(title, expect string) *Step {
	r.print("  …  %s (%s)\n", title, expect)
	return r.Start(title)
}

// Detail is shown in the next sign of life.
func (s *Step) Detail(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.detail = ", " + fmt.Sprintf(format, args...)
}

// End prints how the step went and returns err as it came, so that it can close a function.
func (s *Step) End(err error) error {
	s.once.Do(func() {
		close(s.stop)
		mark := "ok"
		if err != nil {
			mark = "NO"
		}
		s.reporter.print("  %s  %-52s %6.1fs\n", mark, s.title, time.Since(s.started).Seconds())
	})
	return err
}

func (s *Step) beat() {
	ticker := time.NewTicker(heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-ticker.C:
			s.mu.Lock()
			detail := s.detail
			s.mu.Unlock()
			s.reporter.print("  …  %s: %s so far%s\n", s.title, time.Since(s.started).Round(time.Second), detail)
		}
	}
}

func (r *Reporter) print(format string, args ...any) {
	if r != nil && r.Out != nil {
		fmt.Fprintf(r.Out, format, args...)
	}
}

// Note prints a line that belongs to no step.
func (r *Reporter) Note(format string, args ...any) { r.print("      "+format+"\n", args...) }
