// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/taskexec/taskexec/hack/localcluster/internal/artifact"
	"github.com/taskexec/taskexec/hack/localcluster/internal/cluster"
	"github.com/taskexec/taskexec/hack/localcluster/internal/forward"
	"github.com/taskexec/taskexec/hack/localcluster/internal/layout"
	"github.com/taskexec/taskexec/hack/localcluster/internal/progress"
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "localcluster",
		Short: "Run a real single-node Kubernetes on this machine, for development and tests",
		Long: `localcluster runs a real single-node Kubernetes directly on this Linux machine: etcd, API server,
controller manager, scheduler, kubelet, kube-proxy and containerd, all built from Go modules. It needs
root and Go; no Docker, no virtual machine, no registry.

The first "up" builds for some minutes. What it builds is kept outside the checkout, so the next ones take
seconds. "up" also heals: whatever is missing or dead is started, what runs is left alone.`,
		Example: `  localcluster up --publish 127.0.0.1:8080=30080
  export KUBECONFIG=$(localcluster kubeconfig)
  localcluster load-image --tag example/controller:dev --entrypoint /controller bin/controller
  localcluster down`,
		SilenceUsage: true, SilenceErrors: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.AddCommand(upCommand(), downCommand(), statusCommand(), loadImageCommand(), kubeconfigCommand(),
		assetsCommand(), binCommand(), restartCommand(), stopCommand(), startCommand(), forwardCommand())
	return root
}

// store returns the cache of built programs. It reports progress on standard error, so that callers can capture the
// output.
func store() (*artifact.Store, error) {
	cache, err := layout.CacheDir()
	if err != nil {
		return nil, err
	}
	source, err := layout.SourceDir()
	if err != nil {
		return nil, err
	}
	return &artifact.Store{Dir: cache, Source: source, Progress: report()}, nil
}

func report() *progress.Reporter { return &progress.Reporter{Out: os.Stderr} }

// withCluster adapts a command that works on the cluster.
func withCluster(run func(*cobra.Command, *cluster.Cluster, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		programs, err := store()
		if err != nil {
			return err
		}
		c, err := cluster.New(programs, report())
		if err != nil {
			return err
		}
		return run(cmd, c, args)
	}
}

func upCommand() *cobra.Command {
	var publish []string
	var logMaxSize, logInterval string
	var logMaxFiles int
	cmd := &cobra.Command{
		Use: "up", Args: cobra.NoArgs,
		Short: "Start the cluster, or heal it; safe to run at any time",
		Long: `up starts the cluster and returns when a pod can run. It builds what the cache lacks and installs the Debian
packages that are missing (nftables, busybox-static; to build: gcc, pkg-config, libseccomp-dev). On a
cluster that runs, it restarts what died or what other flags than last time ask for. Flags that are not
given stay as they were.

Two images are there from the start: busybox:1.37, made of this machine's static busybox under the official
image's name, and the pause image.`,
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&publish, "publish", nil, "`ADDRESS:PORT=NODEPORT` to make a NodePort reachable at, such as 127.0.0.1:8080=30080; \"none\" ends all")
	flags.StringVar(&logMaxSize, "container-log-max-size", "10Mi", "`SIZE` at which the kubelet rotates a container's log")
	flags.IntVar(&logMaxFiles, "container-log-max-files", 5, "how many files of a container's log the kubelet keeps (at least 2)")
	flags.StringVar(&logInterval, "container-log-monitor-interval", "10s", "how often the kubelet looks at the sizes (at least 3s)")
	cmd.RunE = withCluster(func(cmd *cobra.Command, c *cluster.Cluster, _ []string) error {
		rules, err := parsePublish(publish)
		if err != nil {
			return err
		}
		given := flags.Changed
		err = c.Up(cmd.Context(), func(s *cluster.Settings) {
			if given("publish") {
				s.Publish = rules
			}
			if given("container-log-max-size") {
				s.LogMaxSize = logMaxSize
			}
			if given("container-log-max-files") {
				s.LogMaxFiles = logMaxFiles
			}
			if given("container-log-monitor-interval") {
				s.LogMonitorInterval = logInterval
			}
		})
		if err != nil {
			return err
		}
		c.Summary(cmd.OutOrStdout())
		return nil
	})
	return cmd
}

// parsePublish parses the values of --publish. The value "none" means no rules.
func parsePublish(values []string) ([]forward.Rule, error) {
	if len(values) == 1 && values[0] == "none" {
		return nil, nil
	}
	var rules []forward.Rule
	for _, value := range values {
		rule, err := forward.ParseRule(value)
		if err != nil {
			return nil, fmt.Errorf("--publish %w", err)
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

func downCommand() *cobra.Command {
	return &cobra.Command{
		Use: "down", Args: cobra.NoArgs,
		Short: "Stop the cluster and remove all it left; what was built is kept",
		RunE: withCluster(func(cmd *cobra.Command, c *cluster.Cluster, _ []string) error {
			return c.Down(cmd.Context())
		}),
	}
}

func statusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status", Args: cobra.NoArgs,
		Short: "Show every component; exit code 0 healthy, 1 degraded, 3 not up",
		RunE: withCluster(func(cmd *cobra.Command, c *cluster.Cluster, _ []string) error {
			health, err := c.Status(cmd.Context(), cmd.OutOrStdout())
			switch {
			case err != nil:
				return err
			case health == cluster.NotUp:
				return exitCode(3)
			case health == cluster.Degraded:
				return exitCode(1)
			}
			return nil
		}),
	}
}
