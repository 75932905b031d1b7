// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/taskexec/taskexec/hack/localcluster/internal/layout"
	"github.com/taskexec/taskexec/hack/localcluster/internal/network"
	"github.com/taskexec/taskexec/hack/localcluster/internal/preflight"
	"github.com/taskexec/taskexec/hack/localcluster/internal/process"
)

// Down ends the cluster and removes everything except the cache of programs. It kills all processes, because a
// graceful stop would take minutes and the data is discarded anyway. It tries every step, even if an earlier step
// failed. A step with nothing to do succeeds.
func (c *Cluster) Down(ctx context.Context) error {
	if err := preflight.Root(); err != nil {
		return err
	}
	preflight.SystemPath()
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if !c.traces() {
		c.progress.Note("nothing to take down")
		return nil
	}
	steps := []struct {
		title string
		do    func() error
	}{
		{"stop daemons", c.killDaemons}, // before the pods, because the kubelet would restart them
		{"stop pods", removeCgroups},
		{"unmount", func() error { return errors.Join(unmountBelow(layout.RunDir), unmountBelow(layout.StateDir)) }},
		{"remove network", network.Remove}, // after the pods, whose namespaces hold one end of each device
		{"remove files", removeFiles},
	}
	var failed []error
	for _, step := range steps {
		failed = append(failed, c.progress.Start(step.title).End(step.do()))
	}
	if err := errors.Join(failed...); err != nil {
		return fmt.Errorf("not everything could be removed: %w; run `down` again", err)
	}
	return nil
}

// traces reports whether there is anything to remove.
func (c *Cluster) traces() bool {
	for _, dir := range []string{layout.StateDir, layout.RunDir} {
		if _, err := os.Stat(dir); err == nil {
			return true
		}
	}
	return len(process.Proc.CarryingEnv(marker())) > 0
}

// killDaemons kills the daemons by their pid files, and then all processes with our marker in their environment: a
// pid file may be lost, and shims never have one.
func (c *Cluster) killDaemons() error {
	var failed []error
	files, _ := filepath.Glob(layout.Pids("*.json"))
	for _, file := range files {
		daemon := process.Daemon{Name: strings.TrimSuffix(filepath.Base(file), ".json"), PidFile: file}
		failed = append(failed, daemon.Stop(0))
	}
	for range 3 { // a daemon may have started another while it was being killed
		for _, pid := range process.Proc.CarryingEnv(marker()) {
			if identity, err := process.Proc.Identify(pid); err == nil {
				failed = append(failed, process.Terminate(identity, 0))
			}
		}
	}
	return errors.Join(failed...)
}
