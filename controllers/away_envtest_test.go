// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers"
)

const (
	// awayFor is how long the API server is unreachable.
	awayFor = 2 * time.Minute
	// triesAMinute bounds the requests of the operator while nobody answers. It has about ten watches, three logs and
	// some statuses to write. Without a backoff it would exceed this bound within a second.
	triesAMinute = 90
)

// nodeRun is a run whose pod has a node of its own.
type nodeRun struct {
	e    *v1alpha1.TaskExecution
	job  *batchv1.Job
	pod  *corev1.Pod
	node *kubelet
	over chan struct{}
	// printed receives the number of lines when printing is over.
	printed chan int
}

// onNode starts a run that prints until it is told to stop. It returns when some lines have been read.
func (s *stage) onNode(t *testing.T, name string, seed uint64) *nodeRun {
	t.Helper()
	r := &nodeRun{e: named(t, s.ns, name), node: newKubelet(t, seed), over: make(chan struct{}), printed: make(chan int, 1)}
	r.node.steady = true
	r.job = s.job(t, name)
	r.pod = podOn(t, r.job, r.node.node)
	runs(t, r.pod)
	go func() { r.printed <- r.node.printUntil(r.over, 20*time.Millisecond) }()
	s.until(t, "some of its log is read", func() (bool, any) {
		summary := seen[*v1alpha1.TaskExecution](s.witness, name).Status.LogSummary
		return summary != nil && summary.Entries > 0, summary
	})
	return r
}

// end ends the run's pod and its Job.
func (r *nodeRun) end(t *testing.T, code int32, condition batchv1.JobConditionType) (lines int) {
	t.Helper()
	close(r.over)
	lines = <-r.printed
	r.node.exit()
	exits(t, r.pod, code, "")
	ends(t, r.job, condition)
	return lines
}

// The API server is unreachable for two minutes, while runs print, end, are cancelled and are created. The operator
// asks less and less often. Afterwards each run reaches its own end, and each log is complete, except the one whose
// node dropped lines meanwhile: that log says so.
func TestCase9APIServerAwayForTwoMinutes(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	s, w := &stage{ns, newWitness(t, ns)}, &wire{}
	target, err := url.Parse(apiServer.Host)
	if err != nil {
		t.Fatal(err)
	}
	api := proxied(t, target.Host)
	config := w.config(apiServer)
	config.Host = "https://" + api.Addr()
	bucket := "file://" + t.TempDir()
	operation{config: config, namespace: ns, changes: []func(*controllers.Options){archives(t, bucket)}}.runs(t)
	create(t, newTask(ns))
	whole, rotated, ended := s.onNode(t, "whole", 901), s.onNode(t, "rotated", 902), s.onNode(t, "ended", 903)
	cancelled := named(t, ns, "cancelled")
	_, pod := s.runs(t, "cancelled")

	api.Leave()
	lines := map[string]int{"ended": ended.end(t, 7, batchv1.JobFailed)}
	cancel(t, cancelled)
	named(t, ns, "made")
	<-time.After(awayFor / 2)
	rotated.node.rotate() // drops a minute that nobody read
	before := w.count("")
	<-time.After(awayFor / 2)
	tries := w.count("") - before
	t.Logf("%d tries in the second minute: %s", tries, w)
	if tries > triesAMinute || tries == 0 {
		t.Errorf("%d tries in the second minute, want up to %d", tries, triesAMinute)
	}
	if err := api.Return(); err != nil {
		t.Fatal(err)
	}

	s.until(t, "the end of the one that ended is known", s.hasEnded("ended"))
	s.told(t, pod, v1alpha1.ReasonCancelled)
	exits(t, pod, 143, "DeadlineExceeded")
	s.until(t, "the cancelled one has ended", s.hasEnded("cancelled"))
	s.completes(t, "made")
	lines["whole"], lines["rotated"] = whole.end(t, 0, batchv1.JobComplete), rotated.end(t, 0, batchv1.JobComplete)
	for name, phase := range map[string]v1alpha1.Phase{
		"ended": v1alpha1.PhaseFailed, "whole": v1alpha1.PhaseCompleted, "rotated": v1alpha1.PhaseCompleted,
		"made": v1alpha1.PhaseCompleted, "cancelled": v1alpha1.PhaseCancelled,
	} {
		s.until(t, name+" has ended", s.hasEnded(name))
		e := &v1alpha1.TaskExecution{ObjectMeta: objectNamed(ns, name)}
		if read(t, e); e.Status.Phase != phase {
			t.Errorf("%s ended as %+v", name, e.Status)
		}
		printed, known := lines[name]
		if !known {
			continue // no kubelet serves its log
		}
		captured := capturedLog(t, e)
		log := archivedText(t, bucket, e)
		t.Logf("%s: %d lines printed, %d archived; %s: %s", name, printed, len(log), captured.Reason, captured.Message)
		if name == "rotated" {
			if captured.Reason != v1alpha1.ReasonLogsRotated || !strings.Contains(captured.Message, "after line") || len(log) >= printed || e.Status.LogSummary.Complete {
				t.Errorf("the log with a gap: %+v, summary %+v, %d lines of %d", captured, e.Status.LogSummary, len(log), printed)
			}
		} else if captured.Status != metav1.ConditionTrue || len(log) != printed || e.Status.LogSummary.Entries != int64(printed) {
			t.Errorf("%s: %+v, summary %+v, %d lines of %d", name, captured, e.Status.LogSummary, len(log), printed)
		}
	}
}

// hasEnded returns a condition for until.
func (s *stage) hasEnded(name string) func() (bool, any) {
	return func() (bool, any) {
		status := &seen[*v1alpha1.TaskExecution](s.witness, name).Status
		return status.Phase.IsTerminal(), status
	}
}
