// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package cluster

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/taskexec/taskexec/hack/localcluster/internal/layout"
)

// hierarchies returns the mounted cgroup trees: one per controller in cgroup v1, a single one in cgroup v2.
func hierarchies() ([]string, error) {
	mounts, err := readMounts()
	if err != nil {
		return nil, err
	}
	var points []string
	for _, m := range mounts {
		if (m.kind == "cgroup" || m.kind == "cgroup2") && strings.HasPrefix(m.point, "/sys/fs/cgroup") {
			points = append(points, m.point)
		}
	}
	if len(points) == 0 {
		return nil, errors.New("no cgroups are mounted below /sys/fs/cgroup, and pods need them")
	}
	return points, nil
}

// ensureCgroups creates the parent of all pods' cgroups. The kubelet requires it.
func ensureCgroups() error {
	points, err := hierarchies()
	if err != nil {
		return err
	}
	for _, point := range points {
		if err := os.MkdirAll(filepath.Join(point, layout.Cgroup), 0o755); err != nil {
			return fmt.Errorf("making a cgroup for pods: %w", err)
		}
	}
	return nil
}

// removeCgroups kills every process in our cgroups and removes the cgroups. Only our own processes can be in them.
func removeCgroups() error {
	points, err := hierarchies()
	if err != nil {
		return nil // nothing is mounted, so nothing was created
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		var left []error
		for _, point := range points {
			left = append(left, removeCgroup(filepath.Join(point, layout.Cgroup)))
		}
		if err := errors.Join(left...); err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

func removeCgroup(root string) error {
	var dirs []string
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			dirs = append(dirs, path)
		}
		return nil // cgroups may vanish during the walk
	})
	slices.Reverse(dirs) // children first
	var left error
	for _, dir := range dirs {
		killMembers(dir)
		if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
			left = fmt.Errorf("removing cgroup %s: %w", dir, err)
		}
	}
	return left
}

func killMembers(dir string) {
	file, err := os.Open(filepath.Join(dir, "cgroup.procs"))
	if err != nil {
		return
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if pid, err := strconv.Atoi(lines.Text()); err == nil && pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended already
		}
	}
}
