// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/taskexec/taskexec/hack/localcluster/internal/artifact"
	"github.com/taskexec/taskexec/hack/localcluster/internal/cluster"
	"github.com/taskexec/taskexec/hack/localcluster/internal/forward"
	"github.com/taskexec/taskexec/hack/localcluster/internal/layout"
)

func loadImageCommand() *cobra.Command {
	var tag, entrypoint string
	cmd := &cobra.Command{
		Use:   "load-image ARCHIVE.tar... | load-image --tag REF --entrypoint /PROGRAM FILE...",
		Short: "Give the node an image, from an archive or made of static programs",
		Long: `load-image puts an image where the kubelet finds it, so that no registry is needed. Pods must not insist on
pulling it: use imagePullPolicy IfNotPresent (a tag other than latest has that by default).

It takes archives written by "docker save" or an OCI tool, or, with --tag, makes an image from scratch: each
FILE goes to the root folder, and the user is 65532. The programs must be static (CGO_ENABLED=0).`,
		Args: cobra.MinimumNArgs(1),
	}
	cmd.Flags().StringVar(&tag, "tag", "", "make an image named `REF` of the files")
	cmd.Flags().StringVar(&entrypoint, "entrypoint", "", "`PATH` in the image of the program to run")
	cmd.MarkFlagsRequiredTogether("tag", "entrypoint")
	cmd.RunE = withCluster(func(cmd *cobra.Command, c *cluster.Cluster, args []string) error {
		if tag != "" {
			return c.LoadProgram(cmd.Context(), tag, entrypoint, args)
		}
		return c.LoadArchives(cmd.Context(), args)
	})
	return cmd
}

func kubeconfigCommand() *cobra.Command {
	return &cobra.Command{
		Use: "kubeconfig", Args: cobra.NoArgs,
		Short: "Print the path of the administrator's kubeconfig",
		Run:   func(cmd *cobra.Command, _ []string) { fmt.Fprintln(cmd.OutOrStdout(), layout.Kubeconfig()) },
	}
}

func assetsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "assets", Args: cobra.NoArgs,
		Short: "Print a folder fit for KUBEBUILDER_ASSETS (envtest), building it if need be; needs no root",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return printPrograms(cmd)
		},
	}
}

func binCommand() *cobra.Command {
	return &cobra.Command{
		Use: "bin", Args: cobra.NoArgs,
		Short: "Print the folder that has kubectl (the same as assets)",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return printPrograms(cmd)
		},
	}
}

func printPrograms(cmd *cobra.Command) error {
	programs, err := store()
	if err != nil {
		return err
	}
	recipe := artifact.Kubernetes()
	dirs, err := programs.Ensure(cmd.Context(), recipe)
	if err != nil {
		return err
	}
	fmt.Fprintln(cmd.OutOrStdout(), dirs[recipe.Name])
	return nil
}

func restartCommand() *cobra.Command {
	var kill bool
	cmd := &cobra.Command{
		Use: "restart COMPONENT", Args: cobra.ExactArgs(1),
		Short: "Restart one component, such as kubelet, containerd or kube-apiserver",
		RunE: withCluster(func(cmd *cobra.Command, c *cluster.Cluster, args []string) error {
			return c.Restart(cmd.Context(), args[0], kill)
		}),
	}
	cmd.Flags().BoolVar(&kill, "kill", false, "end it with SIGKILL, as a crash would")
	return cmd
}

func stopCommand() *cobra.Command {
	var kill bool
	cmd := &cobra.Command{
		Use: "stop COMPONENT", Args: cobra.ExactArgs(1),
		Short: "Stop one component and leave it down, until start or up",
		RunE: withCluster(func(cmd *cobra.Command, c *cluster.Cluster, args []string) error {
			return c.Stop(cmd.Context(), args[0], kill)
		}),
	}
	cmd.Flags().BoolVar(&kill, "kill", false, "end it with SIGKILL, as a crash would")
	return cmd
}

func startCommand() *cobra.Command {
	return &cobra.Command{
		Use: "start COMPONENT", Args: cobra.ExactArgs(1),
		Short: "Start one component that was stopped",
		RunE: withCluster(func(cmd *cobra.Command, c *cluster.Cluster, args []string) error {
			return c.Start(cmd.Context(), args[0])
		}),
	}
}

// forwardCommand returns the command that `up --publish` runs in the background.
func forwardCommand() *cobra.Command {
	return &cobra.Command{
		Use: "forward ADDRESS:PORT=NODEPORT...", Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			rules, err := parsePublish(args)
			if err != nil || len(rules) == 0 {
				return errors.Join(err, errors.New("want at least one ADDRESS:PORT=NODEPORT"))
			}
			return forward.Serve(cmd.Context(), layout.NodeIP, rules)
		},
	}
}
