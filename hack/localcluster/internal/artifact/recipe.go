// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package artifact builds the programs of a node from Go modules and keeps them in a cache.
package artifact

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
)

// Recipe describes how one nested module becomes one folder of programs. The cache key is a digest of all fields and
// of the code in the module's own files. After a change, the programs are built again into another folder, and the old folder
// stays usable.
type Recipe struct {
	Name    string
	Version string
	// Module is the folder below hack/localcluster with the pinned go.mod. "." is the module of the CLI.
	Module string
	// Programs maps each file name to the package from which the program is built.
	Programs map[string]string
	// Links are further names for the program, if there is only one (a multi-call binary).
	Links   []string
	CGO     bool
	Tags    string
	LDFlags string
	// Expect tells the user how long a first build takes.
	Expect string
}

const (
	kubernetesVersion = "v1.37.2"
	containerdVersion = "v2.4.2"
	runcVersion       = "v1.5.2"
	cniVersion        = "v1.9.1"
	corednsVersion    = "v1.15.0"
	pauseVersion      = "v1"
)

// Kubernetes builds every Kubernetes program and etcd as one binary, so that it needs one link step instead of seven.
func Kubernetes() Recipe {
	return Recipe{
		Name: "kubernetes", Version: kubernetesVersion, Module: "kubernetes",
		Programs: map[string]string{"kubernetes": "."},
		Links: []string{
			"etcd", "kube-apiserver", "kube-controller-manager", "kube-proxy",
			"kube-scheduler", "kubectl", "kubelet",
		},
		LDFlags: "-s -w" + kubernetesStamp(),
		Expect:  "the first build takes 8 to 15 minutes on two cores; it is kept for good",
	}
}

// kubernetesStamp sets the version that the programs report. Clients that check the version refuse a server that has
// none.
func kubernetesStamp() string {
	stamp := ""
	for _, pkg := range []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"} {
		stamp += fmt.Sprintf(" -X %[1]s.gitVersion=%[2]s -X %[1]s.gitMajor=1 -X %[1]s.gitMinor=37"+
			" -X %[1]s.gitTreeState=clean -X %[1]s.gitCommit=%[2]s -X %[1]s.buildDate=1970-01-01T00:00:00Z",
			pkg, kubernetesVersion)
	}
	return stamp
}

// Node returns the recipes of everything else on a node: all but Kubernetes itself.
func Node() []Recipe {
	const containerd = "github.com/containerd/containerd/v2"
	const plugins = "github.com/containernetworking/plugins/plugins"
	return []Recipe{{
		Name: "containerd", Version: containerdVersion, Module: "containerd",
		Programs: map[string]string{
			"containerd":              containerd + "/cmd/containerd",
			"containerd-shim-runc-v2": containerd + "/cmd/containerd-shim-runc-v2",
			"ctr":                     containerd + "/cmd/ctr",
		},
		Tags:    "no_btrfs no_devmapper no_zfs",
		LDFlags: "-s -w -X " + containerd + "/version.Version=" + containerdVersion,
		Expect:  "about two minutes",
	}, {
		// Seccomp is required, because pods use the RuntimeDefault profile. The library is linked statically, so that
		// the program also runs on machines that do not have it.
		Name: "runc", Version: runcVersion, Module: "runc",
		Programs: map[string]string{"runc": "github.com/opencontainers/runc"},
		CGO:      true, Tags: "seccomp netgo osusergo",
		LDFlags: "-s -w -linkmode external -extldflags -static",
		Expect:  "about half a minute",
	}, {
		Name: "cni", Version: cniVersion, Module: "cni",
		Programs: map[string]string{
			"bridge":     plugins + "/main/bridge",
			"host-local": plugins + "/ipam/host-local",
		},
		LDFlags: "-s -w", Expect: "a few seconds",
	}, {
		Name: "coredns", Version: corednsVersion, Module: "coredns",
		Programs: map[string]string{"coredns": "."},
		LDFlags:  "-s -w", Expect: "about two minutes",
	}, {
		Name: "pause", Version: pauseVersion, Module: ".",
		Programs: map[string]string{"pause": "./pause"},
		LDFlags:  "-s -w", Expect: "a few seconds",
	}}
}

// Key returns the name of the recipe's folder in the cache. It depends on the code of the inputs and not on their
// comments and white space.
func (r Recipe) Key(source string) (string, error) { return r.key(source, readCode) }

// exactKey is like Key, but depends on every byte of the inputs. What has the same exact key has the same code.
func (r Recipe) exactKey(source string) (string, error) { return r.key(source, os.ReadFile) }

func (r Recipe) key(source string, read func(path string) ([]byte, error)) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%+v\n", r.normal())
	inputs, err := r.inputs(source)
	if err != nil {
		return "", err
	}
	for _, path := range inputs {
		data, err := read(path)
		if err != nil {
			return "", fmt.Errorf("reading what %s is built from: %w", r.Name, err)
		}
		fmt.Fprintf(sum, "%s %d\n%s", filepath.Base(path), len(data), data)
	}
	digest := hex.EncodeToString(sum.Sum(nil))[:12]
	return fmt.Sprintf("%s-%s-%s-%s-%s", r.Name, r.Version, runtime.GOOS, runtime.GOARCH, digest), nil
}

// inputs returns the files that determine the build: those of the nested module, or only the pause program. So
// changes of the CLI rebuild nothing.
func (r Recipe) inputs(source string) ([]string, error) {
	dir, patterns := filepath.Join(source, r.Module), []string{"go.mod", "go.sum", "*.go"}
	if r.Module == "." {
		dir, patterns = filepath.Join(source, r.Programs["pause"]), []string{"*.go"}
	}
	var paths []string
	for _, pattern := range patterns {
		matches, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		paths = append(paths, matches...)
	}
	sort.Strings(paths)
	return paths, nil
}

// normal removes what does not change the build: the order of the links, and texts for people.
func (r Recipe) normal() Recipe {
	r.Links = slices.Clone(r.Links)
	slices.Sort(r.Links)
	r.Expect = ""
	return r
}
