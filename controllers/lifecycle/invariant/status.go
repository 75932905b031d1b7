// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package invariant

import (
	"fmt"
	"unicode/utf8"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

const (
	// maxPods and maxMessage are the limits of the CRD.
	maxPods    = 10
	maxMessage = 4096
	// lifecycleEntries is how many log entries no container printed: the start, the end, and how many lines were
	// dropped.
	lifecycleEntries = 3
)

// broken collects the broken invariants.
type broken []string

func (b *broken) add(format string, args ...any) { *b = append(*b, fmt.Sprintf(format, args...)) }

// Status returns the invariants that an execution's status breaks by itself. An empty status breaks none.
func Status(e *v1alpha1.TaskExecution) []string {
	if e.Status.Phase == "" {
		return nil
	}
	var b broken
	b.phase(e)
	b.receipt(&e.Status)
	b.conditions(e)
	b.counts(&e.Status)
	b.pods(&e.Status)
	return b
}

func (b *broken) phase(e *v1alpha1.TaskExecution) {
	s, cancelled := &e.Status, e.Spec.Cancel != nil
	if rank(s.Phase) < 0 {
		b.add("the phase %q does not exist", s.Phase)
	}
	if s.Reason == "" {
		b.add("%s has no reason", s.Phase)
	}
	if (s.Phase == v1alpha1.PhaseCancelled || s.Phase == v1alpha1.PhaseCancelling) && !cancelled {
		b.add("%s, and nobody cancelled it", s.Phase)
	}
	if s.Phase.IsTerminal() != (s.CompletionTime != nil) {
		b.add("%s with the end %v", s.Phase, s.CompletionTime)
	}
	if s.StartTime != nil && s.CompletionTime != nil && s.CompletionTime.Before(s.StartTime) {
		b.add("it ended at %v, before it started at %v", s.CompletionTime, s.StartTime)
	}
	if (s.Phase == v1alpha1.PhaseRunning || s.Phase == v1alpha1.PhaseCompleted) && s.Job == nil {
		b.add("%s without a Job", s.Phase)
	}
	if s.Phase == v1alpha1.PhaseRunning && s.StartTime == nil {
		b.add("Running, and no container started")
	}
	if (s.Queue != nil) != (s.Phase == v1alpha1.PhaseQueued) {
		b.add("%s has the place in the queue %+v", s.Phase, s.Queue)
	}
	if utf8.RuneCountInString(s.Message) > maxMessage || !utf8.ValidString(s.Message) {
		b.add("a message of %d bytes", len(s.Message))
	}
}

// receipt checks the receipt of a cancel.
func (b *broken) receipt(s *v1alpha1.TaskExecutionStatus) {
	is := s.Cancellation
	switch {
	case (s.Phase == v1alpha1.PhaseCancelling || s.Phase == v1alpha1.PhaseCancelled) != (is != nil):
		b.add("%s has the receipt %+v", s.Phase, is)
	case is != nil && (is.Outcome != "") != (s.Phase == v1alpha1.PhaseCancelled):
		b.add("%s has the outcome %q", s.Phase, is.Outcome)
	case is != nil && is.CompletionTime != nil && is.CompletionTime.Before(&is.AcknowledgedTime):
		b.add("the receipt ends at %v, before it was acknowledged at %v", is.CompletionTime, is.AcknowledgedTime)
	}
}

// pods checks that no pod of a finished run is shown as running, and that the run has the exit code of the deciding
// pod.
func (b *broken) pods(s *v1alpha1.TaskExecutionStatus) {
	deciding := 0
	for i := range s.Pods {
		pod := &s.Pods[i]
		if s.Phase.IsTerminal() && (pod.Phase == "Running" || pod.Phase == "Pending") {
			b.add("%s, and pod %s is %s", s.Phase, pod.Name, pod.Phase)
		}
		if !pod.Deciding {
			continue
		}
		deciding++
		if !s.Phase.IsTerminal() || pod.ExitCode != nil && (s.ExitCode == nil || *s.ExitCode != *pod.ExitCode) {
			b.add("%s with the exit code %v, and pod %s decided with %v", s.Phase, s.ExitCode, pod.Name, pod.ExitCode)
		}
	}
	if deciding > 1 {
		b.add("%d pods decided", deciding)
	}
	if c := s.Completions; c != nil && (c.Succeeded < 0 || c.Succeeded > c.Wanted) {
		b.add("%d of %d completions", c.Succeeded, c.Wanted)
	}
}

// counts checks that attempts agree with the pods, and the entries of the log with the kept ones.
func (b *broken) counts(s *v1alpha1.TaskExecutionStatus) {
	started := 0
	for i := range s.Pods {
		if s.Pods[i].StartTime != nil {
			started++
		}
	}
	if len(s.Pods) > maxPods || started > int(s.Attempts) {
		b.add("%d pods, of which %d started, in %d attempts", len(s.Pods), started, s.Attempts)
	}
	if s.StartTime != nil && s.Attempts == 0 && s.Phase.IsTerminal() {
		b.add("it started, and made no attempt")
	}
	summary := s.LogSummary
	if summary == nil {
		if len(s.Logs) > 0 {
			b.add("a log of %d entries has no summary", len(s.Logs))
		}
		return
	}
	if summary.DroppedEntries < 0 || summary.DroppedEntries > summary.Entries {
		b.add("%d entries were dropped of %d", summary.DroppedEntries, summary.Entries)
	}
	if kept, n := summary.Entries-summary.DroppedEntries, int64(len(s.Logs)); n > 0 && (n < kept || n > kept+lifecycleEntries) {
		b.add("the log has %d entries, where %d of %d lines are kept", len(s.Logs), kept, summary.Entries)
	}
	if summary.Complete && summary.Reason != "" {
		b.add("the log is whole, and is not for %q", summary.Reason)
	}
}
