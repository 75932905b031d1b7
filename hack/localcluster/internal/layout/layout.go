// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package layout says where everything lives. There is one local cluster per machine: its addresses,
// ports and devices belong to the whole machine, so its folders do too.
package layout

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

const (
	// StateDir keeps what survives a reboot: etcd's data, images, keys, settings and logs.
	StateDir = "/var/lib/taskexec-localcluster"
	// RunDir keeps what does not: pid files, sockets and containerd's running state.
	RunDir = "/run/taskexec-localcluster"
	// LockFile stands outside RunDir, because `down` removes RunDir while it holds the lock.
	LockFile = "/run/taskexec-localcluster.lock"
	// Marker is the environment variable every daemon carries, and passes on to what it starts.
	Marker = "TASKEXEC_LOCALCLUSTER"
	// Cgroup is the parent of all pods' cgroups, so that removing ours cannot touch another kubelet's.
	Cgroup = "taskexec-localcluster"

	// NodeName makes the API server reach the kubelet by a name that resolves to loopback.
	NodeName = "localhost"
	// Bridge connects the pods. It has its address before anything starts: see network.Ensure.
	Bridge = "taskexec0"
	// NodeIP is the bridge's address: the node's, the API server's and the pods' gateway.
	NodeIP      = "10.244.0.1"
	PodCIDR     = "10.244.0.0/16"
	ServiceCIDR = "10.96.0.0/16"
	// ServiceIP is the first address of ServiceCIDR: the `kubernetes` Service.
	ServiceIP = "10.96.0.1"
)

// Paths under the two roots. Functions, so that a typo in a folder name is a compile error.
func PKI(parts ...string) string        { return under(StateDir, "pki", parts) }
func Config(parts ...string) string     { return under(StateDir, "config", parts) }
func Logs(parts ...string) string       { return under(StateDir, "logs", parts) }
func Kubelet(parts ...string) string    { return under(StateDir, "kubelet", parts) }
func Containerd(parts ...string) string { return under(StateDir, "containerd", parts) }
func Pids(parts ...string) string       { return under(RunDir, "pids", parts) }

// Kubeconfig is the administrator's. It has one fixed place, whatever HOME or sudo say.
func Kubeconfig() string { return filepath.Join(StateDir, "kubeconfig") }

// ContainerdSocket is where the kubelet, and `ctr`, reach containerd.
func ContainerdSocket() string { return filepath.Join(RunDir, "containerd.sock") }

func under(root, folder string, parts []string) string {
	return filepath.Join(append([]string{root, folder}, parts...)...)
}

// CacheDir holds what was built, outside any checkout, so that a fresh clone builds nothing again.
func CacheDir() (string, error) {
	if dir := os.Getenv("TASKEXEC_CACHE"); dir != "" {
		abs, err := filepath.Abs(dir)
		return filepath.Join(abs, "localcluster"), err
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding a cache folder: %w; set HOME or TASKEXEC_CACHE", err)
	}
	return filepath.Join(base, "taskexec", "localcluster"), nil
}

// SourceDir is the folder that holds the nested modules. They cannot be embedded in this program (Go
// does not embed files of another module), so they are looked for where it was compiled, then
// upwards from the working folder.
func SourceDir() (string, error) {
	_, file, _, _ := runtime.Caller(0)
	candidates := []string{filepath.Join(filepath.Dir(file), "..", "..")}
	if dir, err := os.Getwd(); err == nil {
		for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			candidates = append(candidates, dir, filepath.Join(dir, "hack", "localcluster"))
		}
	}
	for _, dir := range candidates {
		if _, err := os.Stat(filepath.Join(dir, "kubernetes", "go.mod")); err == nil {
			return filepath.Clean(dir), nil
		}
	}
	return "", errors.New("cannot find hack/localcluster, which says what to build: run this inside the checkout")
}
