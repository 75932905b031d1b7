// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/hack/bench/lab"
)

const (
	taskName = "soak"
	// settleEvery is the interval of checking for ended runs.
	settleEvery = 5 * time.Second
)

// account tracks all runs. It checks and deletes a run when it has ended and its log is final.
type account struct {
	lab   *lab.Lab
	lines int

	mu sync.Mutex
	// open has the runs that were not checked yet, and when they began.
	open map[string]time.Time
	// created and judged count runs. whole and gaps count complete and incomplete logs.
	created, judged, whole, gaps int
	wrong                        []string
}

func (a *account) prepare(ctx context.Context) error {
	task := &v1alpha1.Task{ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: taskName}}
	task.Spec.JobTemplate.Spec.Template.Spec.Containers = []corev1.Container{{Name: "main", Image: "busybox:1.37"}}
	return a.lab.Kube.Create(ctx, task)
}

// create creates runs at a rate until ctx is done. If it is not known whether a creation succeeded, it is repeated
// under the same name.
func (a *account) create(ctx context.Context, rate float64) error {
	ticker := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer ticker.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: fmt.Sprintf("soak-%06d", i)}}
		e.Spec.TaskRef.Name = taskName
		a.begin(e.Name) // before the creation, because the run may end before the answer arrives
		if !a.persist(ctx, e) {
			a.neverWas(e.Name)
		}
	}
}

func (a *account) begin(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.created++
	a.open[name] = time.Now()
}

func (a *account) neverWas(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.created--
	delete(a.open, name)
}

// persist creates a run and repeats that until it exists. It returns false if ctx is done first.
func (a *account) persist(ctx context.Context, e *v1alpha1.TaskExecution) bool {
	for {
		if err := a.lab.Kube.Create(ctx, e.DeepCopy()); err == nil {
			return true
		}
		if err := a.lab.Kube.Get(context.WithoutCancel(ctx), client.ObjectKeyFromObject(e), &v1alpha1.TaskExecution{}); err == nil {
			return true // the answer to the creation was lost
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// settle checks and deletes ended runs until ctx is done. An unavailable API server is not an error.
func (a *account) settle(ctx context.Context) error {
	ticker := time.NewTicker(settleEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		executions := &v1alpha1.TaskExecutionList{}
		if err := a.lab.Kube.List(ctx, executions, client.InNamespace(metav1.NamespaceDefault)); err != nil {
			continue
		}
		jobs := &batchv1.JobList{}
		if err := a.lab.Kube.List(ctx, jobs, client.InNamespace(metav1.NamespaceDefault)); err != nil {
			continue
		}
		of := map[string]int{}
		for i := range jobs.Items {
			of[jobs.Items[i].Labels[v1alpha1.LabelExecutionUID]]++
		}
		for i := range executions.Items {
			e := &executions.Items[i]
			captured := apimeta.FindStatusCondition(e.Status.Conditions, v1alpha1.ConditionLogsCaptured)
			if e.Status.Phase.IsTerminal() && captured != nil && captured.Status != metav1.ConditionUnknown {
				a.judge(e, of[string(e.UID)])
				// If the deletion fails or its answer is lost, the next round deletes the run again if it still
				// exists.
				_ = a.lab.Kube.Delete(ctx, e, client.PropagationPolicy(metav1.DeletePropagationBackground))
			}
		}
	}
}

// judge checks a run that has ended, at most once.
func (a *account) judge(e *v1alpha1.TaskExecution, jobs int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, open := a.open[e.Name]; !open {
		return
	}
	delete(a.open, e.Name)
	a.judged++
	if fault := a.faultOf(e, jobs); fault != "" {
		a.wrong = append(a.wrong, e.Name+": "+fault)
	}
	if e.Status.LogSummary != nil && e.Status.LogSummary.Complete {
		a.whole++
	} else {
		a.gaps++
	}
}

// faultOf says what is wrong with a run, or returns "".
func (a *account) faultOf(e *v1alpha1.TaskExecution, jobs int) string {
	s := e.Status.LogSummary
	switch {
	case e.Status.Phase != v1alpha1.PhaseCompleted:
		return fmt.Sprintf("%s, %s: %s", e.Status.Phase, e.Status.Reason, e.Status.Message)
	case jobs != 1:
		return fmt.Sprintf("it has %d Jobs", jobs)
	case e.Status.Attempts != 1:
		return fmt.Sprintf("it took %d attempts", e.Status.Attempts)
	case s == nil:
		return "nothing is said of its log"
	case s.Complete && s.Entries != int64(a.lines):
		return fmt.Sprintf("its log is said to be whole and has %d lines of %d", s.Entries, a.lines)
	case !s.Complete && s.Reason == "":
		return "its log is not whole, and no reason is given"
	}
	return ""
}

// wait waits until no run is open.
func (a *account) wait(ctx context.Context, patience time.Duration) error {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		a.mu.Lock()
		open := len(a.open)
		a.mu.Unlock()
		if open == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return errors.Join(fmt.Errorf("%d runs are not accounted for", open), a.stuck())
		case <-ticker.C:
		}
	}
}

// stuck returns an error that describes the oldest open run.
func (a *account) stuck() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	oldest := ""
	for name, at := range a.open {
		if oldest == "" || at.Before(a.open[oldest]) {
			oldest = name
		}
	}
	return fmt.Errorf("the oldest is %s, since %s", oldest, time.Since(a.open[oldest]).Round(time.Second))
}
