// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package progress shows the user what is going on: one line per finished step with its duration, and repeated
// messages during long steps.
package progress

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// heartbeat is the interval of the messages during a long step.
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

// Start begins a step that should be short. It prints nothing until the step ends or takes long.
func (r *Reporter) Start(title string) *Step {
	step := &Step{reporter: r, title: title, started: time.Now(), stop: make(chan struct{})}
	go step.beat()
	return step
}

// StartLong begins a step and prints its title and what to expect.
func (r *Reporter) StartLong(title, expect string) *Step {
	r.print("  …  %s (%s)\n", title, expect)
	return r.Start(title)
}

// Detail sets the text that the next message of the step shows.
func (s *Step) Detail(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.detail = ", " + fmt.Sprintf(format, args...)
}

// End prints the result of the step and returns err unchanged, so that a function can end with it.
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

// Note prints a line that does not belong to a step.
func (r *Reporter) Note(format string, args ...any) { r.print("      "+format+"\n", args...) }
