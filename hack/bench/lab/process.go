// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
)

// patience is how long a program may take to start or to stop.
const patience = time.Minute

// Process is a program that the lab started.
type Process struct {
	name string
	cmd  *exec.Cmd
	// exited is closed when the program has ended.
	exited chan struct{}
}

// Run starts a program and waits until its health URL answers. The program's output goes to a file in the lab's
// folder. The caller must stop the program.
func (l *Lab) Run(ctx context.Context, name, program, health string, args ...string) (*Process, error) {
	output, err := os.OpenFile(l.file(name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	p := &Process{name: name, cmd: exec.Command(program, args...), exited: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = output, output
	// A group of its own, so that an interrupt does not reach it: we stop the programs in order. Pdeathsig ends it if
	// we die.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait()
	}()
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // its certificate is self-signed, and it is on loopback
	}}
	err = l.until(ctx, name+" is healthy", func() (bool, error) {
		select {
		case <-p.exited:
			said, _ := os.ReadFile(l.file(name + ".log"))
			return false, fmt.Errorf("%s ended: %s", name, last(said, 2000))
		default:
		}
		answer, err := client.Get(health)
		if err != nil {
			return false, nil //nolint:nilerr // not yet
		}
		defer answer.Body.Close()
		return answer.StatusCode == http.StatusOK, nil
	})
	if err != nil {
		return nil, errors.Join(err, p.Kill())
	}
	return p, nil
}

// healthz returns the health URL of a program on this machine.
func healthz(scheme string, port int) string {
	return fmt.Sprintf("%s://127.0.0.1:%d/healthz", scheme, port)
}

func last(b []byte, n int) []byte { return b[max(0, len(b)-n):] }

// Stop sends SIGTERM to the program and waits until it has ended.
func (p *Process) Stop() error { return p.end(syscall.SIGTERM) }

// Kill kills the program, like a crash.
func (p *Process) Kill() error { return p.end(syscall.SIGKILL) }

func (p *Process) end(signal syscall.Signal) error {
	if p == nil {
		return nil
	}
	select {
	case <-p.exited:
		return nil
	default:
	}
	if err := p.cmd.Process.Signal(signal); err != nil {
		return fmt.Errorf("ending %s: %w", p.name, err)
	}
	select {
	case <-p.exited:
		return nil
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		return fmt.Errorf("%s did not end within %s", p.name, patience)
	}
}

// Use has the resources that a program has used so far.
type Use struct {
	// CPU is the user and system time.
	CPU time.Duration
	// Resident and Peak are memory in bytes. Peak covers the program's whole life. Code is the part of Resident that
	// the kernel can drop and read again: the program itself and other files.
	Resident, Peak, Code uint64
}

// Use reads the numbers from the kernel. They are those that `ps` shows and that a memory limit counts.
func (p *Process) Use() (Use, error) { return use(p.name, p.cmd.Process.Pid) }

func use(name string, pid int) (Use, error) {
	proc, err := procfs.NewProc(pid)
	if err != nil {
		return Use{}, fmt.Errorf("%s: %w", name, err)
	}
	stat, err := proc.Stat()
	if err != nil {
		return Use{}, fmt.Errorf("%s: %w", name, err)
	}
	status, err := proc.NewStatus()
	if err != nil {
		return Use{}, fmt.Errorf("%s: %w", name, err)
	}
	return Use{CPU: time.Duration(stat.CPUTime() * float64(time.Second)), Resident: status.VmRSS, Peak: status.VmHWM, Code: status.RssFile}, nil
}

// CPU returns the CPU seconds of this program and of those that the lab started. It leaves out etcd and the API
// server: envtest does not reveal their pids, and their metrics have the number.
func (l *Lab) CPU() (map[string]float64, error) {
	seconds := map[string]float64{}
	for _, p := range []*Process{l.manager, l.scheduler, l.kwok, l.controller} {
		use, err := p.Use()
		if err != nil {
			return nil, err
		}
		seconds[p.name] = use.CPU.Seconds()
	}
	self, err := use("this program", os.Getpid())
	if err != nil {
		return nil, err
	}
	seconds["this program"] = self.CPU.Seconds()
	return seconds, nil
}

// killBy kills the program with an argument that is unique to the lab. It is for programs of envtest, which does not
// reveal their pids.
func killBy(argument string) error {
	procs, err := procfs.AllProcs()
	if err != nil {
		return err
	}
	for _, proc := range procs {
		arguments, err := proc.CmdLine()
		if err != nil || !slices.Contains(arguments, argument) {
			continue // it has ended, or is another program
		}
		process, err := os.FindProcess(proc.PID)
		if err != nil {
			return err
		}
		return process.Kill()
	}
	return fmt.Errorf("no program has %s", argument)
}

// until waits until a condition holds.
func (l *Lab) until(ctx context.Context, what string, holds func() (bool, error)) error {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(patience)
	for {
		done, err := holds()
		if err != nil || done {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline:
			return fmt.Errorf("within %s it did not come true that %s", patience, what)
		case <-ticker.C:
		}
	}
}

// FreePort returns a free port of the loopback interface.
func FreePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return 0, fmt.Errorf("%s is no TCP address", listener.Addr())
	}
	return address.Port, nil
}
