// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// logCollector collects log lines, each a JSON object.
type logCollector struct {
	mu    sync.Mutex
	lines []string
}

func (s *logCollector) logger() logr.Logger {
	return funcr.NewJSON(func(line string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.lines = append(s.lines, line)
	}, funcr.Options{Verbosity: 2})
}

// of returns the messages about a run, as a grep for its name finds them.
func (s *logCollector) of(t *testing.T, e *v1alpha1.TaskExecution) (messages []string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.lines {
		if !strings.Contains(line, `"`+e.Name+`"`) {
			continue
		}
		var l struct {
			Level     int
			Msg       string
			Execution struct{ Namespace, Name string }
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if l.Level == 1 && l.Execution.Namespace == e.Namespace && l.Execution.Name == e.Name {
			messages = append(messages, l.Msg)
		}
	}
	return messages
}

// has reports whether any line contains a text.
func (s *logCollector) has(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.lines, func(line string) bool { return strings.Contains(line, text) })
}

// tells waits until the log has these messages of a run, in this order. Other messages may be in between.
func (s *logCollector) tells(t *testing.T, e *v1alpha1.TaskExecution, want ...string) {
	t.Helper()
	eventually(t, "the log tells the messages of "+e.Name, func() (bool, any) {
		messages := s.of(t, e)
		rest := want
		for _, message := range messages {
			if len(rest) > 0 && message == rest[0] {
				rest = rest[1:]
			}
		}
		return len(rest) == 0, messages
	})
}

// A person can follow one run by its name in the log: each decision, in order. No value of a param is logged.
func TestLogTellsTheStoryOfEachRun(t *testing.T) {
	const created, starts, isRunning, final = "Created the Job", "The run waits to start", "The run is running", "The log is final"
	ns, book := namespace(t), &logCollector{}
	operation{config: apiServer, namespace: ns, log: book.logger()}.runs(t)
	create(t, newTask(ns))
	run := func(name string) (*v1alpha1.TaskExecution, *batchv1.Job) {
		e := newExecution(ns)
		e.Name = name
		e.Spec.Params = &apiextensionsv1.JSON{Raw: []byte(`{"token":"never-in-a-log"}`)}
		create(t, e)
		return e, jobOf(t, e)
	}
	start := func(e *v1alpha1.TaskExecution, job *batchv1.Job) *corev1.Pod {
		pod := podOf(t, job)
		runs(t, pod)
		reaches(t, e, v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
		return pod
	}

	completed, job := run("completed-run")
	exits(t, start(completed, job), 0, "")
	ends(t, job, batchv1.JobComplete)
	book.tells(t, completed, created, starts, isRunning, "The run completed", final)

	failed, job := run("failed-run")
	exits(t, start(failed, job), 3, "")
	ends(t, job, batchv1.JobFailed)
	book.tells(t, failed, created, starts, isRunning, "The run failed", final)

	cancelled, job := run("cancelled-run")
	pod := start(cancelled, job)
	cancel(t, cancelled)
	told(t, pod, v1alpha1.ReasonCancelled)
	exits(t, pod, 143, "DeadlineExceeded")
	book.tells(t, cancelled, created, starts, isRunning, "Told the kubelet to end the pod", "The run is being cancelled", "The run was cancelled", final, "Deleted the Job")

	lost, job := run("lost-run")
	pod = start(lost, job)
	remove(t, job)
	remove(t, pod)
	book.tells(t, lost, created, starts, isRunning, "The run was lost", final)

	if book.has("never-in-a-log") {
		t.Error("the log has the value of a param")
	}
}
