// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/hack/bench/lab"
)

const (
	// namespace is the namespace of the executions. Every cluster has it.
	namespace = "default"
	// longRun has the long log, and liveRun the one that grows.
	longRun, liveRun = "long-log", "live-log"
)

// filled is an API server with the executions, and an archive with one log.
type filled struct {
	*options
	*lab.Lab
	archive, spool string
	// changed is how many changes of runs were made.
	changed int
}

func nameOf(i int) string { return fmt.Sprintf("run-%06d", i) }

func taskOf(i int) string { return fmt.Sprintf("task-%d", i%5) }

// fill creates the Tasks, the executions, and the two logs.
func (f *filled) fill(ctx context.Context) error {
	for i := range 5 {
		if err := f.Kube.Create(ctx, task(taskOf(i))); err != nil {
			return fmt.Errorf("creating the Task %s: %w", taskOf(i), err)
		}
	}
	group, limited := errgroup.WithContext(ctx)
	group.SetLimit(32)
	for i := range f.executions {
		group.Go(func() error { return f.put(limited, f.old(i)) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return errors.Join(f.createLong(ctx), f.createLive(ctx))
}

func task(name string) *v1alpha1.Task {
	t := &v1alpha1.Task{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	t.Spec.JobTemplate.Spec.Template.Spec.Containers = containers()
	return t
}

func execution(name, taskName string) *v1alpha1.TaskExecution {
	e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	e.Spec.TaskRef.Name = taskName
	e.Spec.Trigger.Source = v1alpha1.TriggerAPI
	e.Spec.Params = &apiextensionsv1.JSON{Raw: fmt.Appendf(nil, `{"mid":%q,"space":"rd"}`, name)}
	return e
}

// create creates an execution with a status.
func (f *filled) create(ctx context.Context, name, taskName string, status v1alpha1.TaskExecutionStatus) error {
	e := execution(name, taskName)
	if err := f.Kube.Create(ctx, e); err != nil {
		return fmt.Errorf("creating %s: %w", name, err)
	}
	e.Status = status
	if err := f.Kube.Status().Update(ctx, e); err != nil {
		return fmt.Errorf("ending %s: %w", name, err)
	}
	return nil
}

// old returns a run that was created i+1 minutes ago.
func (f *filled) old(i int) *v1alpha1.TaskExecution {
	e := execution(nameOf(i), taskOf(i))
	e.APIVersion, e.Kind = v1alpha1.GroupVersion.String(), "TaskExecution"
	e.UID, e.Generation = types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012d", i)), 1
	e.CreationTimestamp = metav1.NewTime(time.Now().Add(-time.Duration(i+1) * time.Minute).Truncate(time.Second))
	e.Status = f.ended(i)
	return e
}

// put writes an execution into etcd. Only so it can be older than now, and 10,000 take seconds.
func (f *filled) put(ctx context.Context, e *v1alpha1.TaskExecution) error {
	value, err := json.Marshal(e)
	if err != nil {
		return err
	}
	key := "/registry/" + v1alpha1.GroupVersion.Group + "/taskexecutions/" + e.Namespace + "/" + e.Name
	body, err := json.Marshal(map[string][]byte{"key": []byte(key), "value": value})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.Etcd()+"/v3/kv/put", bytes.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("writing %s: %w", e.Name, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("writing %s: etcd answers %s", e.Name, answer.Status)
	}
	return nil
}

// ended returns the status of a run that ended. Every tenth failed.
func (f *filled) ended(i int) v1alpha1.TaskExecutionStatus {
	now := metav1.Now()
	begun := metav1.NewTime(now.Add(-time.Duration(i%300+1) * time.Second))
	s := v1alpha1.TaskExecutionStatus{
		ObservedGeneration: 1, Phase: v1alpha1.PhaseCompleted, StartTime: &begun, CompletionTime: &now, Attempts: 1,
		LogSummary: &v1alpha1.LogSummary{Entries: 2, Bytes: 328, Complete: true},
		Conditions: []metav1.Condition{{Type: v1alpha1.ConditionLogsCaptured, Status: metav1.ConditionTrue, Reason: "Complete", LastTransitionTime: now}},
	}
	if i%10 == 0 {
		s.Phase = v1alpha1.PhaseFailed
	}
	for range 2 {
		s.Logs = append(s.Logs, v1alpha1.LogEntry{Timestamp: metav1.NewMicroTime(now.Time), Level: v1alpha1.LogInfo, Message: strings.Repeat("x", 164)})
	}
	return s
}
