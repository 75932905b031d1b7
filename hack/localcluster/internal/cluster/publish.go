// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/taskexec/taskexec/hack/localcluster/internal/layout"
	"github.com/taskexec/taskexec/hack/localcluster/internal/preflight"
)

// publish starts the forwarder if the settings publish a port, and stops it otherwise.
func (c *Cluster) publish(ctx context.Context) error {
	if len(c.settings.Publish) == 0 {
		return c.forwarder().daemon().Stop(time.Second)
	}
	if _, alive := c.forwarder().daemon().Running(); !alive {
		if err := copySelf(forwarderProgram()); err != nil {
			return fmt.Errorf("copying this program for the forwarder: %w", err)
		}
	}
	return c.stage(ctx, c.forwarder())
}

func copySelf(to string) error {
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(to+".new", self, 0o755); err != nil {
		return err
	}
	return os.Rename(to+".new", to)
}

// forwarder returns this program as a component. It runs from a copy, because `go run` deletes the program that it
// built.
func (c *Cluster) forwarder() component {
	var listens []preflight.Listener
	args := []string{"forward"}
	for _, rule := range c.settings.Publish {
		args = append(args, rule.String())
		listens = append(listens, preflight.Listener{
			Component: "forwarder", IP: rule.Listen.Addr().String(), Port: int(rule.Listen.Port()),
		})
	}
	return component{
		name: forwarderName, program: forwarderProgram(), args: args, listens: listens,
		healthy: func(ctx context.Context) error {
			for _, rule := range c.settings.Publish {
				if err := dialable("tcp", rule.Listen.String())(ctx); err != nil {
					return err
				}
			}
			return nil
		},
		grace: time.Second,
	}
}

const forwarderName = "forwarder"

func forwarderProgram() string { return filepath.Join(layout.StateDir, "bin", "localcluster") }
