// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package preflight

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"

	"github.com/taskexec/taskexec/hack/localcluster/internal/layout"
	"github.com/taskexec/taskexec/hack/localcluster/internal/progress"
)

// Instead says what to do on a machine that cannot run a local cluster.
const Instead = "use any other cluster instead: `kind create cluster`, or set KUBECONFIG to one that you have"

// Root returns an error unless the user is root. Only root may change mounts, network devices and cgroups.
func Root() error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("a local cluster needs root (mounts, network devices, cgroups): run it with sudo, or %s", Instead)
	}
	return nil
}

// SystemPath adds the system folders to PATH if they are missing, so that this program and the programs that it
// starts find nft, mount and modprobe.
func SystemPath() {
	path := os.Getenv("PATH")
	for _, dir := range []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"} {
		if !strings.Contains(":"+path+":", ":"+dir+":") {
			path += ":" + dir
		}
	}
	os.Setenv("PATH", strings.TrimPrefix(path, ":"))
}

// need is a program that Debian packages provide.
type need struct {
	packages []string
	what     string
	present  func() bool
}

// Packages checks for the programs that we use but do not build. It installs missing ones if it can (root and apt),
// and otherwise returns an error that names them. If building is false, it ignores those that only a build needs.
func Packages(ctx context.Context, building bool, report *progress.Reporter) error {
	needs := []need{
		{[]string{"nftables"}, "nft, which kube-proxy uses", command("nft")},
		{[]string{"busybox-static"}, "a static busybox, which becomes the busybox image", staticBusybox},
	}
	if building {
		needs = append(needs,
			need{[]string{"gcc", "libc6-dev"}, "a C compiler, to build runc", command("gcc")},
			need{[]string{"pkg-config", "libseccomp-dev"}, "libseccomp, which runc needs", pkgConfig("libseccomp")})
	}
	missing, why := absent(needs)
	if len(missing) == 0 {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("missing: %s; install what Debian calls %s, or %s",
			strings.Join(why, "; "), strings.Join(missing, " "), Instead)
	}
	step := report.Start("install " + strings.Join(missing, " "))
	if err := step.End(install(ctx, missing)); err != nil {
		return err
	}
	if left, _ := absent(needs); len(left) > 0 {
		return fmt.Errorf("installed, but still not found: %s", strings.Join(left, " "))
	}
	return nil
}

func absent(needs []need) (packages, why []string) {
	for _, n := range needs {
		if !n.present() {
			packages = append(packages, n.packages...)
			why = append(why, n.what)
		}
	}
	return packages, why
}

// install runs apt-get again after an update if it fails, because a new machine has no package lists yet.
func install(ctx context.Context, packages []string) error {
	apt := func(args ...string) error {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if output, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w\n%s", strings.Join(args, " "), err, output)
		}
		return nil
	}
	args := append([]string{"install", "-y", "--no-install-recommends"}, packages...)
	if apt(args...) == nil {
		return nil
	}
	return errors.Join(apt("update"), apt(args...))
}

func command(name string) func() bool {
	return func() bool { _, err := exec.LookPath(name); return err == nil }
}

func pkgConfig(library string) func() bool {
	return func() bool { return exec.Command("pkg-config", "--exists", library).Run() == nil }
}

// Busybox is the path of busybox in Debian.
const Busybox = "/bin/busybox"

// staticBusybox reports whether busybox is linked statically. Debian's plain busybox has the same path, but it needs
// a C library, which an image from scratch lacks.
func staticBusybox() bool {
	file, err := elf.Open(Busybox)
	if err != nil {
		return false
	}
	defer file.Close()
	for _, program := range file.Progs {
		if program.Type == elf.PT_INTERP {
			return false
		}
	}
	return true
}

// Addresses returns an error if another device of this machine has an address in our ranges.
func Addresses() error {
	interfaces, err := net.Interfaces()
	if err != nil {
		return fmt.Errorf("listing network devices: %w", err)
	}
	_, pods, _ := net.ParseCIDR(layout.PodCIDR)
	_, services, _ := net.ParseCIDR(layout.ServiceCIDR)
	for _, device := range interfaces {
		addresses, _ := device.Addrs()
		for _, address := range addresses {
			ip, _, err := net.ParseCIDR(address.String())
			if err != nil || device.Name == layout.Bridge || !(pods.Contains(ip) || services.Contains(ip)) {
				continue
			}
			return fmt.Errorf("device %s has address %s, inside the ranges of the local cluster (%s, %s): "+
				"stop what made it (another Kubernetes?), or %s", device.Name, address, pods, services, Instead)
		}
	}
	return nil
}
