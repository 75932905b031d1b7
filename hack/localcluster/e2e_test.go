// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/taskexec/taskexec/hack/localcluster/internal/layout"
)

// TestEndToEnd takes the machine's local cluster down and up again, so it runs only when asked to:
//
//	sudo LOCALCLUSTER_E2E=1 go test -run TestEndToEnd -v -timeout 30m .
func TestEndToEnd(t *testing.T) {
	if os.Getenv("LOCALCLUSTER_E2E") != "1" {
		t.Skip("set LOCALCLUSTER_E2E=1 to run it; it takes this machine's local cluster down")
	}
	m := newMachine(t)
	m.run("down")
	m.assertNothingLeft()
	m.assertStatus(3)
	t.Cleanup(func() { m.run("down"); m.assertNothingLeft() })

	const published = "127.0.0.1:18080"
	m.run("up", "--publish", published+"=30180")
	m.assertStatus(0)
	m.kubectl("run", "greeter", "--image=busybox:1.37", "--port=8080", "--restart=Never", "--",
		"sh", "-c", "echo greetings; echo hello > /tmp/index.html; exec httpd -f -p 8080 -h /tmp")
	m.kubectl("wait", "--for=condition=Ready", "pod/greeter", "--timeout=60s")
	if logs := m.kubectl("logs", "greeter"); !strings.Contains(logs, "greetings") {
		t.Errorf("logs %q, want greetings", logs)
	}
	if user := m.kubectl("exec", "greeter", "--", "id", "-u"); strings.TrimSpace(user) != "0" {
		t.Errorf("exec: id -u says %q", user)
	}
	m.kubectl("expose", "pod", "greeter", "--type=NodePort", "--overrides", `{"spec":{"ports":[{"port":80,"targetPort":8080,"nodePort":30180}]}}`)
	m.assertServes("http://" + published)
	if page := m.kubectl("exec", "greeter", "--", "wget", "-qO-", "http://greeter.default.svc"); page != "hello\n" {
		t.Errorf("by its Service's name the pod answers %q", page)
	}

	started := time.Now()
	m.run("up")
	if took := time.Since(started); took > 2*time.Second {
		t.Errorf("a second up took %s, want under 2s", took)
	}

	m.assertHeals(published)

	m.run("down")
	m.assertNothingLeft()
	m.run("down")
}

// assertHeals kills some components, then all of them. It expects `up` to restart them.
func (m *machine) assertHeals(published string) {
	m.t.Helper()
	m.kill("kubelet", "containerd", "kube-apiserver")
	m.assertStatus(1)
	m.run("up")
	m.assertStatus(0)
	if restarts := m.kubectl("get", "pod", "greeter", "-o", "jsonpath={.status.phase} {.status.containerStatuses[0].restartCount}"); restarts != "Running 0" {
		m.t.Errorf("after the crash the pod is %q: killing the node's daemons must not touch it", restarts)
	}

	m.kill("etcd", "containerd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "coredns", "forwarder")
	m.assertStatus(3)
	m.run("up")
	m.assertStatus(0)
	m.assertServes("http://" + published)
}

type machine struct {
	t       *testing.T
	program string
	kubectl func(args ...string) string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{t: t, program: filepath.Join(t.TempDir(), "localcluster")}
	m.command("go", "build", "-o", m.program, ".")
	bin := strings.TrimSpace(m.run("bin"))
	m.kubectl = func(args ...string) string {
		t.Helper()
		return m.command(filepath.Join(bin, "kubectl"), append([]string{"--kubeconfig", layout.Kubeconfig()}, args...)...)
	}
	return m
}

func (m *machine) run(args ...string) string {
	m.t.Helper()
	return m.command(m.program, args...)
}

func (m *machine) command(name string, args ...string) string {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 25*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		m.t.Fatalf("%s %s: %v\n%s%s", filepath.Base(name), strings.Join(args, " "), err, &stdout, &stderr)
	}
	return stdout.String()
}

func (m *machine) assertStatus(want int) {
	m.t.Helper()
	cmd := exec.Command(m.program, "status")
	output, _ := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != want {
		m.t.Errorf("status exits with %d, want %d:\n%s", got, want, output)
	}
}

// kill sends SIGKILL to the pids of components that status shows.
func (m *machine) kill(names ...string) {
	m.t.Helper()
	output, _ := exec.Command(m.program, "status").Output()
	for line := range strings.Lines(string(output)) {
		fields := strings.Fields(line)
		for _, name := range names {
			if len(fields) < 2 || fields[0] != name {
				continue
			}
			pid, err := strconv.Atoi(fields[1])
			if err != nil {
				m.t.Fatalf("%s has no pid: %s", name, line)
			}
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				m.t.Fatalf("killing %s: %v", name, err)
			}
			m.eventually("process of "+name+" is gone", func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) })
		}
	}
}

// eventually waits up to half a minute until a condition holds.
func (m *machine) eventually(what string, condition func() bool) {
	m.t.Helper()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(30 * time.Second)
	for !condition() {
		select {
		case <-ticker.C:
		case <-deadline:
			m.t.Fatalf("within 30 s it did not come true: %s", what)
		}
	}
}

func (m *machine) assertServes(url string) {
	m.t.Helper()
	m.eventually(url+" answers", func() bool {
		response, err := http.Get(url)
		if err != nil {
			return false
		}
		response.Body.Close()
		return true
	})
}

// assertNothingLeft checks everything that a cluster may leave behind: processes, mounts, network, cgroups, files.
func (m *machine) assertNothingLeft() {
	m.t.Helper()
	traces := map[string]string{
		"process": `grep -lzs "^` + layout.Marker + `=" /proc/[0-9]*/environ`,
		"mount":   `grep -E "taskexec-localcluster|kubelet" /proc/self/mountinfo`,
		"device":  `ls -d /sys/class/net/` + layout.Bridge + ` /sys/class/net/veth* 2>/dev/null`,
		"nft":     `PATH=$PATH:/usr/sbin nft list tables | grep -E "kube-proxy|taskexec"`,
		"cgroup":  `find /sys/fs/cgroup -name ` + layout.Cgroup,
		"file": `ls -d ` + layout.StateDir + ` ` + layout.RunDir + ` ` + layout.LockFile +
			` /var/lib/cni/results/taskexec-localcluster-* 2>/dev/null`,
	}
	for what, script := range traces {
		if output, _ := exec.Command("sh", "-c", script).Output(); len(output) > 0 {
			m.t.Errorf("down leaves a %s:\n%s", what, output)
		}
	}
}
