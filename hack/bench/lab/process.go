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
	// exited is closed when it has.
	exited chan struct{}
}

// Run starts a program, its output in a file of the lab's folder, and waits until a URL of it answers that it is healthy.
// Who runs it stops it.
func (l *Lab) Run(ctx context.Context, name, program, health string, args ...string) (*Process, error) {
	output, err := os.OpenFile(l.file(name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	p := &Process{name: name, cmd: exec.Command(program, args...), exited: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = output, output
	// An interrupt of the whole group is ours to pass on, in order; and nothing outlives this program.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait()
	}()
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // its certificate is its own, and it is on loopback
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

// healthz of a program on this machine.
func healthz(scheme string, port int) string {
	return fmt.Sprintf("%s://127.0.0.1:%d/healthz", scheme, port)
}

func last(b []byte, n int) []byte { return b[max(0, len(b)-n):] }

// Stop asks the program to end and waits for that.
func (p *Process) Stop() error { return p.end(syscall.SIGTERM) }

// Kill ends the program as a crash does.
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

// Use is what a program has used so far.
type Use struct {
	// CPU time, of user and system.
	CPU time.Duration
	// Resident and Peak memory in bytes, Peak over the program's whole life. Code is what of Resident is the program itself
	// and other files, which the kernel can drop and read again.
	Resident, Peak, Code uint64
}

// Use asks the kernel, whose word is that of `ps` and of a memory limit.
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

// CPU tells for how many seconds the programs have used it that the lab started, and this one with them. envtest, which
// starts etcd and the API server, does not tell their pids; their metrics do say it.
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

// killBy ends the program that has an argument of the lab's own. envtest, which started it, does not tell its pid.
func killBy(argument string) error {
	procs, err := procfs.AllProcs()
	if err != nil {
		return err
	}
	for _, proc := range procs {
		arguments, err := proc.CmdLine()
		if err != nil || !slices.Contains(arguments, argument) {
			continue // it has ended, or is another
		}
		process, err := os.FindProcess(proc.PID)
		if err != nil {
			return err
		}
		return process.Kill()
	}
	return fmt.Errorf("no program has %s", argument)
}

// until polls for a condition.
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

// FreePort of this machine's loopback.
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
