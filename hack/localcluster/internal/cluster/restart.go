// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package cluster

import (
	"context"
	"time"

	"github.com/taskexec/taskexec/hack/localcluster/internal/preflight"
)

// Stop stops one component, with SIGKILL if kill is true. The others keep running, as after a crash.
func (c *Cluster) Stop(ctx context.Context, name string, kill bool) error {
	return c.alter(ctx, name, func(component component) error {
		return c.progress.Start("stop " + name).End(component.daemon().Stop(grace(component, kill)))
	})
}

// Start starts one component that was stopped, and waits until it serves.
func (c *Cluster) Start(ctx context.Context, name string) error {
	return c.alter(ctx, name, func(component component) error { return c.stage(ctx, component) })
}

// Restart stops and starts one component while it holds the lock.
func (c *Cluster) Restart(ctx context.Context, name string, kill bool) error {
	return c.alter(ctx, name, func(component component) error {
		if err := component.daemon().Stop(grace(component, kill)); err != nil {
			return err
		}
		return c.stage(ctx, component)
	})
}

func (c *Cluster) alter(ctx context.Context, name string, do func(component) error) error {
	if err := preflight.Root(); err != nil {
		return err
	}
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	component, err := c.component(name)
	if err != nil {
		return err
	}
	return do(component)
}

func grace(component component, kill bool) time.Duration {
	if kill {
		return 0
	}
	return component.grace
}
