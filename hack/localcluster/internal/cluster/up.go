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
	"time"

	"github.com/taskexec/taskexec/hack/localcluster/internal/artifact"
	"github.com/taskexec/taskexec/hack/localcluster/internal/layout"
	"github.com/taskexec/taskexec/hack/localcluster/internal/network"
	"github.com/taskexec/taskexec/hack/localcluster/internal/pki"
	"github.com/taskexec/taskexec/hack/localcluster/internal/preflight"
	"github.com/taskexec/taskexec/hack/localcluster/internal/process"
)

// serveTimeout is how long a component may take until it serves, even on a busy machine.
const serveTimeout = 2 * time.Minute

// Up starts the cluster with the saved settings after applying changes. It does not touch components that already run
// as they should, so that it also repairs a cluster after a crash.
func (c *Cluster) Up(ctx context.Context, changes ...Change) error {
	if err := preflight.Root(); err != nil {
		return err
	}
	if err := c.prepare(ctx); err != nil {
		return err
	}
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if c.settings, err = loadSettings(); err != nil {
		return err
	}
	for _, change := range changes {
		change(&c.settings)
	}
	if err := c.settings.validate(); err != nil {
		return err
	}
	if err := c.room(); err != nil {
		return err
	}
	if err := c.lay(); err != nil {
		return err
	}
	return c.start(ctx)
}

// prepare installs the packages that the machine lacks and builds the programs that the cache lacks. It runs before
// the lock is taken, because a build takes minutes and changes no cluster.
func (c *Cluster) prepare(ctx context.Context) error {
	building := false
	for _, recipe := range artifact.Node() {
		_, built, err := c.store.Lookup(recipe)
		if err != nil {
			return err
		}
		building = building || !built
	}
	if err := preflight.Packages(ctx, building, c.progress); err != nil {
		return err
	}
	programs, err := c.store.Ensure(ctx, recipes()...)
	if err != nil {
		return err
	}
	c.programs = programs
	return nil
}

// room returns an error if somebody else uses our addresses or ports. Nothing is changed before this check.
func (c *Cluster) room() error {
	if err := preflight.Addresses(); err != nil {
		return err
	}
	for _, component := range c.components() {
		if _, alive := component.daemon().Running(); alive || len(component.strays()) > 0 {
			continue
		}
		if err := component.awaitPorts(); err != nil {
			return err
		}
	}
	return nil
}

// lay creates everything that daemons need before they start: folders, keys, network, cgroups.
func (c *Cluster) lay() error {
	if err := forgetOtherBoot(); err != nil {
		return err
	}
	for _, dir := range []string{layout.StateDir, layout.RunDir, layout.Logs(), layout.Config()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := c.settings.save(); err != nil {
		return fmt.Errorf("remembering the settings: %w", err)
	}
	if err := pki.Ensure(layout.PKI(), time.Now()); err != nil {
		return err
	}
	if err := writeKubeconfigs(); err != nil {
		return fmt.Errorf("writing kubeconfigs: %w", err)
	}
	if err := ensureCgroups(); err != nil {
		return err
	}
	return network.Ensure()
}

// forgetOtherBoot removes what is left in the run folder after a reboot, if the system does not clear /run: sockets
// without a listener, and the addresses of pods that no longer exist.
func forgetOtherBoot() error {
	boot, err := process.Proc.BootID()
	if err != nil {
		return err
	}
	file := filepath.Join(layout.RunDir, "boot-id")
	if seen, err := os.ReadFile(file); err == nil && string(seen) == boot {
		return nil
	}
	if err := unmountBelow(layout.RunDir); err != nil {
		return err
	}
	if err := os.RemoveAll(layout.RunDir); err != nil {
		return err
	}
	if err := os.MkdirAll(layout.RunDir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(boot), 0o644)
}

func (c *Cluster) start(ctx context.Context) error {
	if err := c.stage(ctx, c.etcd(), c.containerd()); err != nil {
		return err
	}
	imported := make(chan error, 1)
	go func() { imported <- c.preload(ctx) }() // the API server needs longer to start
	err := c.stage(ctx, c.apiserver())
	if err := errors.Join(err, <-imported); err != nil {
		return err
	}
	if err := c.allowDNS(ctx); err != nil {
		return fmt.Errorf("letting CoreDNS read Services: %w", err)
	}
	if err := c.stage(ctx, c.controllerManager(), c.scheduler(), c.kubelet(), c.proxy(), c.dns()); err != nil {
		return err
	}
	if err := c.publish(ctx); err != nil {
		return err
	}
	c.warnOfProxy()
	return c.awaitNode(ctx)
}

// stage starts components in parallel and waits until all of them serve.
func (c *Cluster) stage(ctx context.Context, components ...component) error {
	var names []string
	for _, component := range components {
		started, err := component.ensure()
		if err != nil {
			return err
		}
		if started {
			names = append(names, component.name)
		}
	}
	title := "start " + strings.Join(names, ", ")
	if len(names) == 0 {
		return c.awaitAll(ctx, components)
	}
	return c.progress.Start(title).End(c.awaitAll(ctx, components))
}

func (c *Cluster) awaitAll(ctx context.Context, components []component) error {
	for _, component := range components {
		if err := component.await(ctx, serveTimeout); err != nil {
			return err
		}
	}
	return nil
}

// awaitNode returns when a pod can be scheduled: the node is ready, and the namespace `default` has the
// ServiceAccount that every pod needs.
func (c *Cluster) awaitNode(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, serveTimeout)
	defer cancel()
	ready := func() error {
		node, err := c.node(ctx)
		if err != nil {
			return err
		}
		if !node.Ready {
			return errors.New(node.Reason)
		}
		return c.api(ctx, "/api/v1/namespaces/default/serviceaccounts/default", nil)
	}
	if ready() == nil {
		return nil
	}
	step := c.progress.Start("node ready")
	for {
		err := ready()
		if err == nil {
			return step.End(nil)
		}
		select {
		case <-ctx.Done():
			return step.End(fmt.Errorf("the node is not ready after %s: %w; see %s", serveTimeout, err, layout.Logs("kubelet.log")))
		case <-time.After(200 * time.Millisecond):
		}
	}
}
