// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package layout defines all paths, addresses and names. A machine has one local cluster at most, because its
// addresses, ports and devices belong to the whole machine. So its folders are fixed, too.
package layout

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

const (
	// StateDir has what survives a reboot: etcd's data, images, keys, settings and logs.
	StateDir = "/var/lib/taskexec-localcluster"
	// RunDir has what does not survive a reboot: pid files, sockets and containerd's runtime state.
	RunDir = "/run/taskexec-localcluster"
	// LockFile is outside RunDir, because `down` removes RunDir while it holds the lock.
	LockFile = "/run/taskexec-localcluster.lock"
	// Marker is an environment variable of every daemon. The processes that a daemon starts inherit it.
	Marker = "TASKEXEC_LOCALCLUSTER"
	// Cgroup is the parent of all pods' cgroups. It keeps ours apart from those of another kubelet.
	Cgroup = "taskexec-localcluster"

	// NodeName resolves to loopback, so that the API server reaches the kubelet there.
	NodeName = "localhost"
	// Bridge is the device that connects the pods. It has its address before anything starts: see network.Ensure.
	Bridge = "taskexec0"
	// NodeIP is the address of the bridge. It is also the address of the node and of the API server, and the pods'
	// gateway.
	NodeIP      = "10.244.0.1"
	PodCIDR     = "10.244.0.0/16"
	ServiceCIDR = "10.96.0.0/16"
	// ServiceIP is the first address of ServiceCIDR. It belongs to the `kubernetes` Service.
	ServiceIP = "10.96.0.1"
)

// Paths below the two folders. They are functions, so that a typo in a folder name does not compile.
func PKI(parts ...string) string        { return under(StateDir, "pki", parts) }
func Config(parts ...string) string     { return under(StateDir, "config", parts) }
func Logs(parts ...string) string       { return under(StateDir, "logs", parts) }
func Kubelet(parts ...string) string    { return under(StateDir, "kubelet", parts) }
func Containerd(parts ...string) string { return under(StateDir, "containerd", parts) }
func Pids(parts ...string) string       { return under(RunDir, "pids", parts) }

// Kubeconfig returns the path of the administrator's kubeconfig. It depends neither on HOME nor on sudo.
func Kubeconfig() string { return filepath.Join(StateDir, "kubeconfig") }

// ContainerdSocket returns the socket at which the kubelet and `ctr` reach containerd.
func ContainerdSocket() string { return filepath.Join(RunDir, "containerd.sock") }

func under(root, folder string, parts []string) string {
	return filepath.Join(append([]string{root, folder}, parts...)...)
}

// CacheDir returns the folder of the built programs. It is outside any checkout, so that a fresh clone builds nothing
// again.
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

// SourceDir returns the folder of the nested modules. This program cannot embed them, because Go does not embed files
// of another module. It searches the folder where the program was compiled, and then the working folder and its
// parents.
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
