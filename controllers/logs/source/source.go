// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package source lists the container logs of a pod, and opens them.
package source

import (
	"context"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// Role is the role of a container in a run.
type Role string

// These are the roles.
const (
	// Main is the task's own container.
	Main Role = "main"
	// Init is an init container that ends before the task's container starts.
	Init Role = "init"
	// Sidecar runs beside the task's container.
	Sidecar Role = "sidecar"
)

// ContainerRun is one start of a container. Each has its own log.
type ContainerRun struct {
	Namespace string
	Pod       string
	PodUID    types.UID
	Container string
	Role      Role
	// Index is the index that the pod works on if its Job is Indexed, or nil.
	Index *int32
	// ContainerID is the runtime's ID. Each start of the container has another one.
	ContainerID string
	// Restart counts the earlier starts of the container in this pod.
	Restart int32
	// Place is the container's place in its pod, in starting order: init containers come first.
	Place int
	// StartedAt and FinishedAt are in whole seconds of the node's clock, or zero if unknown.
	StartedAt, FinishedAt time.Time
	// Previous means that the container was restarted since, so its log is requested as the previous one.
	Previous bool
	// Ended means that the container has ended.
	Ended bool
}

// Mirrored reports whether the log is shown in the tail: all logs except those of sidecars.
func (c *ContainerRun) Mirrored() bool { return c.Role != Sidecar }

// Request is a request for a log.
type Request struct {
	ContainerRun
	// Since is in whole seconds, or zero for the beginning.
	Since time.Time
	// Follow means that the response continues while the log grows.
	Follow bool
	// Limit is the limit of the response in bytes. 0 means none.
	Limit int64
}

// Source opens container logs. Each line has its timestamp before it.
type Source interface {
	Open(ctx context.Context, r Request) (io.ReadCloser, error)
}

// NewKube returns a Source that reads logs through the API server.
func NewKube(client kubernetes.Interface) Source { return kube{client} }

type kube struct{ client kubernetes.Interface }

func (k kube) Open(ctx context.Context, r Request) (io.ReadCloser, error) {
	options := &corev1.PodLogOptions{
		Container:  r.Container,
		Follow:     r.Follow,
		Previous:   r.Previous,
		Timestamps: true,
	}
	if r.Limit > 0 {
		options.LimitBytes = &r.Limit
	}
	if !r.Since.IsZero() {
		since := metav1.NewTime(r.Since)
		options.SinceTime = &since
	}
	body, err := k.client.CoreV1().Pods(r.Namespace).GetLogs(r.Pod, options).Stream(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the log of container %s in pod %s/%s: %w", r.Container, r.Namespace, r.Pod, err)
	}
	return body, nil
}
