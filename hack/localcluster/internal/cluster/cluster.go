// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package cluster runs a single-node Kubernetes directly on this machine, without a virtual machine or a container
// engine. Every component is a daemon with a pid file. There is no supervisor, so that a component that a test kills
// stays dead until `up` restarts it.
package cluster

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/taskexec/taskexec/hack/localcluster/internal/artifact"
	"github.com/taskexec/taskexec/hack/localcluster/internal/layout"
	"github.com/taskexec/taskexec/hack/localcluster/internal/process"
	"github.com/taskexec/taskexec/hack/localcluster/internal/progress"
)

// Cluster is the local cluster of this machine, running or not.
type Cluster struct {
	store    *artifact.Store
	progress *progress.Reporter
	programs map[string]string // the folder of each recipe's programs
	settings Settings
}

// New reads the saved settings and changes nothing.
func New(store *artifact.Store, report *progress.Reporter) (*Cluster, error) {
	settings, err := loadSettings()
	if err != nil {
		return nil, err
	}
	c := &Cluster{store: store, progress: report, programs: map[string]string{}, settings: settings}
	for _, recipe := range recipes() {
		dir, _, err := store.Lookup(recipe)
		if err != nil {
			return nil, err
		}
		c.programs[recipe.Name] = dir
	}
	return c, nil
}

func recipes() []artifact.Recipe { return append(artifact.Node(), artifact.Kubernetes()) }

func (c *Cluster) kubernetes(program string) string {
	return filepath.Join(c.programs["kubernetes"], program)
}

// components returns all daemons in the order in which they start.
func (c *Cluster) components() []component {
	all := []component{c.etcd(), c.containerd(), c.apiserver(), c.controllerManager(), c.scheduler(), c.kubelet(), c.proxy(), c.dns()}
	if len(c.settings.Publish) > 0 {
		all = append(all, c.forwarder())
	}
	return all
}

func (c *Cluster) component(name string) (component, error) {
	var names []string
	for _, component := range c.components() {
		if component.name == name {
			return component, nil
		}
		names = append(names, component.name)
	}
	return component{}, fmt.Errorf("%q: %w; there are %v", name, ErrUnknownComponent, names)
}

// lock makes sure that only one command at a time changes the cluster.
func (c *Cluster) lock(ctx context.Context) (unlock func(), err error) {
	return process.Lock(ctx, layout.LockFile, func() {
		c.progress.Note("another localcluster command is at work; waiting for it")
	})
}
