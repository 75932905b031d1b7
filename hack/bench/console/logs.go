// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// createLong creates a run that ended, and archives its log. Every 100,000th line has the word needle.
func (f *filled) createLong(ctx context.Context) (err error) {
	if err := f.create(ctx, longRun, taskOf(0), f.ended(1)); err != nil {
		return err
	}
	e := &v1alpha1.TaskExecution{}
	if err := f.Kube.Get(ctx, client.ObjectKey{Namespace: namespace, Name: longRun}, e); err != nil {
		return err
	}
	for _, folder := range []string{f.archive, f.spool} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
	}
	opened, err := bucket.Open(ctx, "file://"+f.archive)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	settled := make(chan struct{}, 1)
	writer, err := archive.NewWriter(archive.WriterOptions{
		Bucket: opened, SpoolDir: f.spool, SpoolBytes: 1 << 30, PartBytes: 8 << 20, PartAge: time.Hour,
		Notify: func(types.NamespacedName) {
			select {
			case settled <- struct{}{}:
			default:
			}
		},
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	ended := make(chan error, 1)
	go func() { ended <- writer.Run(ctx) }()
	defer func() { cancel(); err = errors.Join(err, <-ended) }()
	log := writer.Begin(archive.Execution{Namespace: namespace, Name: longRun, UID: e.UID}, true)
	f.printLong(log)
	for !log.State().Settled {
		select {
		case <-settled:
		case <-ctx.Done():
			return fmt.Errorf("archiving the log: %w", errors.Join(ctx.Err(), log.State().Failure))
		}
	}
	log.Close()
	return nil
}

// printLong writes the lines, 1,000 a second.
func (f *filled) printLong(log *archive.Log) {
	at := time.Now().UTC().Truncate(time.Second).Add(-time.Duration(f.lines) * time.Millisecond)
	stream := log.Stream(&source.ContainerRun{Pod: longRun, PodUID: "long", Container: "main", ContainerID: "containerd://long", Role: source.Main, StartedAt: at})
	for i := 1; i <= f.lines; i++ {
		word := "ordinary"
		if i%100_000 == 0 {
			word = "needle"
		}
		stream.Line(at, fmt.Appendf(nil, "line %d: a page of 200 records was written in %d ms, %s, nothing more to say about it", i, i%917, word), true)
		at = at.Add(time.Millisecond)
	}
	stream.End()
	log.End()
}

// createLive creates a run whose container prints until the lab stops.
func (f *filled) createLive(ctx context.Context) error {
	now := metav1.Now()
	job := v1alpha1.JobIdentity{Name: liveRun, UID: "live-job"}
	if err := f.create(ctx, liveRun, taskOf(0), v1alpha1.TaskExecutionStatus{
		ObservedGeneration: 1, Phase: v1alpha1.PhaseRunning, StartTime: &now, Attempts: 1, Job: &job,
	}); err != nil {
		return err
	}
	e := &v1alpha1.TaskExecution{}
	if err := f.Kube.Get(ctx, client.ObjectKey{Namespace: namespace, Name: liveRun}, e); err != nil {
		return err
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: namespace, Name: liveRun, Labels: map[string]string{v1alpha1.LabelExecutionUID: string(e.UID)},
		OwnerReferences: []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "Job", Name: job.Name, UID: job.UID, Controller: ptr.To(true)}},
	}}
	pod.Spec = corev1.PodSpec{NodeName: f.Node, Containers: containers()}
	if err := f.Kube.Create(ctx, pod); err != nil {
		return fmt.Errorf("creating the pod of %s: %w", liveRun, err)
	}
	pod.Status = corev1.PodStatus{Phase: corev1.PodRunning, StartTime: &now, ContainerStatuses: []corev1.ContainerStatus{{
		Name: "main", Ready: true, ContainerID: "containerd://live", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
	}}}
	if err := f.Kube.Status().Update(ctx, pod); err != nil {
		return fmt.Errorf("starting the pod of %s: %w", liveRun, err)
	}
	return nil
}

func containers() []corev1.Container {
	return []corev1.Container{{Name: "main", Image: "busybox:1.37"}}
}
