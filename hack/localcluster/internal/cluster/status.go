// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"text/tabwriter"

	"github.com/taskexec/taskexec/hack/localcluster/internal/layout"
)

// Health is the state of the whole cluster.
type Health int

const (
	Healthy Health = iota
	Degraded
	NotUp
)

// Status prints one line per component and how to reach the cluster. It returns the state of the whole cluster.
func (c *Cluster) Status(ctx context.Context, out io.Writer) (Health, error) {
	if _, err := os.Stat(settingsFile()); err != nil {
		fmt.Fprintln(out, "The local cluster is not up. Start it with `localcluster up`.")
		return NotUp, nil
	}
	health, running := Healthy, 0
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "COMPONENT\tPID\tSTATE")
	for _, component := range c.components() {
		pid, state := "-", "stopped"
		if record, alive := component.daemon().Running(); alive {
			running++
			pid, state = strconv.Itoa(record.PID), "healthy"
			if err := component.check(ctx); errors.Is(err, fs.ErrPermission) {
				state = "running; only root may ask whether it serves"
			} else if err != nil {
				state = "not serving: " + err.Error()
			}
		}
		if state != "healthy" {
			health = Degraded
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", component.name, pid, state)
	}
	node := c.nodeLine(ctx, &health)
	fmt.Fprintf(table, "node %s\t-\t%s\n", layout.NodeName, node)
	if err := table.Flush(); err != nil {
		return health, err
	}
	c.summary(out)
	if running == 0 {
		return NotUp, nil
	}
	return health, nil
}

func (c *Cluster) nodeLine(ctx context.Context, health *Health) string {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	node, err := c.node(ctx)
	switch {
	case errors.Is(err, fs.ErrPermission):
		*health = Degraded
		return "unknown: only root may ask"
	case err != nil:
		*health = Degraded
		return "unknown: " + err.Error()
	case !node.Ready:
		*health = Degraded
		return "not ready: " + node.Reason
	}
	return "ready"
}

func (c *Cluster) summary(out io.Writer) {
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintf(table, "\nAPI server\t%s\n", APIServerURL())
	fmt.Fprintf(table, "kubeconfig\t%s\n", layout.Kubeconfig())
	fmt.Fprintf(table, "kubectl\t%s\n", c.kubernetes("kubectl"))
	fmt.Fprintf(table, "logs\t%s\n", layout.Logs())
	for _, rule := range c.settings.Publish {
		fmt.Fprintf(table, "published\t%s -> NodePort %d\n", rule.Listen, rule.NodePort)
	}
	table.Flush()
}

// Summary prints how to reach the cluster.
func (c *Cluster) Summary(out io.Writer) { c.summary(out) }
