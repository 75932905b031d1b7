// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// graceAfterPrinting is how long the runs may take to end and to be archived after the last line.
const graceAfterPrinting = 5 * time.Minute

// seen has what a watch of the executions showed.
type seen struct {
	*options
	byName map[string]*run
	lags   []time.Duration
}

// run is the last known state of one execution.
type run struct {
	visible
	late    bool
	decided bool
	phase   v1alpha1.Phase
	summary v1alpha1.LogSummary
}

func newSeen(o *options) *seen { return &seen{options: o, byName: map[string]*run{}} }

// follow reads the watch until each run says whether its log is complete. If that takes too long, it keeps what it
// has seen until then.
func (s *seen) follow(ctx context.Context, watched watch.Interface, printed time.Time) error {
	patience := time.NewTimer(time.Until(printed) + graceAfterPrinting)
	defer patience.Stop()
	for s.undecided() > 0 {
		select {
		case event, open := <-watched.ResultChan():
			now := time.Now()
			if !open {
				return errors.New("the watch of the executions ended")
			}
			if event.Type == watch.Error {
				return fmt.Errorf("the watch of the executions: %v", event.Object)
			}
			if e, ok := event.Object.(*v1alpha1.TaskExecution); ok {
				s.observe(e, now)
			}
		case <-patience.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (s *seen) undecided() int {
	n := s.runs
	for _, r := range s.byName {
		if r.decided {
			n--
		}
	}
	return n
}

func (s *seen) observe(e *v1alpha1.TaskExecution, now time.Time) {
	r := s.byName[e.Name]
	if r == nil {
		r = &run{}
		s.byName[e.Name] = r
	}
	var tail []stamped
	for i := range e.Status.Logs {
		entry := &e.Status.Logs[i]
		if n, ok := numberOf(entry.Message); ok {
			tail = append(tail, stamped{n, entry.Timestamp.Time})
		} else if strings.HasPrefix(entry.Message, lateLine) {
			r.late = true
		}
	}
	s.lags = append(s.lags, r.visible.observe(tail, now, s.interval())...)
	r.phase = e.Status.Phase
	if e.Status.LogSummary != nil {
		r.summary = *e.Status.LogSummary
	}
	c := apimeta.FindStatusCondition(e.Status.Conditions, v1alpha1.ConditionLogsCaptured)
	r.decided = e.Status.Phase.IsTerminal() && c != nil && c.Status != metav1.ConditionUnknown
}

// sum counts the runs for which a condition holds.
func (s *seen) sum(of func(*run) bool) (n int) {
	for _, r := range s.byName {
		if of(r) {
			n++
		}
	}
	return n
}

// neverSeen counts the lines that never became visible: no tail had them or a later line.
func (s *seen) neverSeen() int {
	n := s.runs * s.lines()
	for _, r := range s.byName {
		n -= r.next
	}
	return n
}
