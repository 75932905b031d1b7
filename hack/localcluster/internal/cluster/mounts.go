// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package cluster

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
)

type mount struct{ point, kind string }

func readMounts() ([]mount, error) {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("listing mounts: %w", err)
	}
	return parseMounts(string(data)), nil
}

// unescape decodes the kernel's escapes in the path of a mount.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// parseMounts parses /proc/self/mountinfo. Field 5 is the path. The kind follows the field "-".
func parseMounts(table string) []mount {
	var mounts []mount
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		hyphen := slices.Index(fields, "-")
		if len(fields) < 5 || hyphen < 0 || hyphen+1 >= len(fields) {
			continue
		}
		mounts = append(mounts, mount{point: unescape.Replace(fields[4]), kind: fields[hyphen+1]})
	}
	return mounts
}

// unmountBelow unmounts everything inside folder, the latest first, because a mount may be inside another.
func unmountBelow(folder string) error {
	mounts, err := readMounts()
	if err != nil {
		return err
	}
	slices.Reverse(mounts)
	for _, m := range mounts {
		if !strings.HasPrefix(m.point, folder+"/") {
			continue
		}
		// MNT_DETACH, because a process that is being killed may still use the mount.
		if err := syscall.Unmount(m.point, syscall.MNT_DETACH); err != nil && err != syscall.EINVAL {
			return fmt.Errorf("unmounting %s: %w", m.point, err)
		}
	}
	return nil
}
