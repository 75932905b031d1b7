// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/taskexec/taskexec/hack/localcluster/internal/image"
	"github.com/taskexec/taskexec/hack/localcluster/internal/layout"
	"github.com/taskexec/taskexec/hack/localcluster/internal/preflight"
)

// preload imports the two images that a new cluster needs, without a registry.
func (c *Cluster) preload(ctx context.Context) error {
	listed, err := c.ctr(ctx, nil, "images", "list", "--quiet")
	if err != nil {
		return err
	}
	present := strings.Fields(string(listed))
	recipes := map[string]func() (image.Spec, error){
		image.PauseRef:   func() (image.Spec, error) { return image.Pause(filepath.Join(c.programs["pause"], "pause")) },
		image.BusyboxRef: func() (image.Spec, error) { return image.Busybox(preflight.Busybox) },
	}
	for _, ref := range sortedKeys(recipes) {
		if slices.Contains(present, ref) {
			continue
		}
		spec, err := recipes[ref]()
		if err != nil {
			return err
		}
		if err := c.progress.Start("image " + ref).End(c.importSpec(ctx, spec)); err != nil {
			return err
		}
	}
	return nil
}

// LoadProgram creates an image of static programs and imports it into the node.
func (c *Cluster) LoadProgram(ctx context.Context, ref, entrypoint string, files []string) error {
	spec, err := image.Program(normalize(ref), entrypoint, files)
	if err != nil {
		return err
	}
	if err := c.importable(ctx); err != nil {
		return err
	}
	return c.progress.Start("image " + spec.Ref).End(c.importSpec(ctx, spec))
}

// LoadArchives imports images into the node from archives that `docker save` or an OCI tool wrote.
func (c *Cluster) LoadArchives(ctx context.Context, paths []string) error {
	if err := c.importable(ctx); err != nil {
		return err
	}
	for _, path := range paths {
		step := c.progress.Start("image archive " + path)
		if _, err := os.Stat(path); err != nil {
			return step.End(err)
		}
		_, err := c.ctr(ctx, nil, "images", "import", path)
		if err := step.End(err); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) importSpec(ctx context.Context, spec image.Spec) error {
	var archive bytes.Buffer
	if err := image.WriteArchive(&archive, spec); err != nil {
		return err
	}
	_, err := c.ctr(ctx, &archive, "images", "import", "-")
	return err
}

// importable checks that an import can work, because containerd's client would only time out.
func (c *Cluster) importable(ctx context.Context) error {
	if err := preflight.Root(); err != nil {
		return err
	}
	if err := c.containerd().check(ctx); err != nil {
		return errors.New("containerd does not run: start the cluster with `localcluster up` first")
	}
	return nil
}

func (c *Cluster) ctr(ctx context.Context, stdin *bytes.Buffer, args ...string) ([]byte, error) {
	args = append([]string{"--address", layout.ContainerdSocket(), "--namespace", "k8s.io"}, args...)
	cmd := exec.CommandContext(ctx, filepath.Join(c.programs["containerd"], "ctr"), args...)
	if stdin != nil {
		cmd.Stdin = stdin
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("ctr %s: %w: %s", strings.Join(args[4:], " "), err, stderr.Bytes())
	}
	return output, nil
}

// normalize writes a reference the way the kubelet does, so that `app` and `docker.io/library/app:latest`
// are one image.
func normalize(ref string) string {
	if !strings.Contains(ref[strings.LastIndex(ref, "/")+1:], ":") {
		ref += ":latest"
	}
	registry, _, found := strings.Cut(ref, "/")
	switch {
	case !found:
		return "docker.io/library/" + ref
	case !strings.ContainsAny(registry, ".:") && registry != "localhost":
		return "docker.io/" + ref
	}
	return ref
}
