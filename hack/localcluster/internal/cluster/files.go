// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package cluster

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/taskexec/taskexec/hack/localcluster/internal/layout"
)

// Folders that the kubelet and the container runtime always use, wherever their other folders are.
const (
	legacyLogs    = "/var/log/containers"
	devicePlugins = "/var/lib/kubelet/device-plugins"
	networkCache  = "/var/lib/cni/results"
)

// removeFiles removes our two folders, and our files in folders that another Kubernetes may share.
func removeFiles() error {
	links, _ := filepath.Glob(legacyLogs + "/*.log")
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && strings.HasPrefix(target, layout.StateDir+"/") {
			os.Remove(link)
		}
	}
	results, _ := filepath.Glob(filepath.Join(networkCache, networkName+"-*"))
	for _, result := range results {
		os.Remove(result)
	}
	os.Remove(devicePlugins + "/kubelet.sock") // a kubelet creates it again when it starts
	for _, dir := range []string{legacyLogs, devicePlugins, filepath.Dir(devicePlugins), networkCache, filepath.Dir(networkCache)} {
		os.Remove(dir) // fails if the folder is not empty
	}
	return errors.Join(removeAll(layout.RunDir), removeAll(layout.StateDir))
}

// removeAll retries for a while, because a process that was just killed may still be writing.
func removeAll(dir string) (err error) {
	for range 20 {
		if err = os.RemoveAll(dir); err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}
