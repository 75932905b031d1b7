// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package process

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Record is what a pid file holds.
type Record struct {
	Identity
	// Spec is a digest of the command line and configuration of the process. A later `up` with other settings
	// compares it to find the processes to restart.
	Spec string `json:"spec"`
}

// Daemon is a program that runs in a session of its own.
type Daemon struct {
	Name    string
	Path    string
	Args    []string
	Env     []string
	Dir     string
	PidFile string
	LogFile string
	Spec    string
}

// Running returns the daemon's record and whether it is alive.
func (d Daemon) Running() (Record, bool) {
	data, err := os.ReadFile(d.PidFile)
	if err != nil {
		return Record{}, false
	}
	var record Record
	if json.Unmarshal(data, &record) != nil {
		return Record{}, false
	}
	return record, Proc.Alive(record.Identity)
}

// Start starts the daemon. It keeps the log of the previous process, which may explain a crash.
func (d Daemon) Start() error {
	for _, dir := range []string{filepath.Dir(d.PidFile), filepath.Dir(d.LogFile)} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := os.Rename(d.LogFile, d.LogFile+".previous"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	log, err := os.OpenFile(d.LogFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(d.Path, d.Args...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = d.Env, d.Dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", d.Name, err)
	}
	go cmd.Wait() //nolint:errcheck // reaps it if it dies while we still run: a zombie would look alive to kill(2)
	return d.remember(cmd.Process.Pid)
}

func (d Daemon) remember(pid int) error {
	identity, err := Proc.Identify(pid)
	if err != nil {
		return fmt.Errorf("%s ended at once; its log is %s", d.Name, d.LogFile)
	}
	data, err := json.Marshal(Record{Identity: identity, Spec: d.Spec})
	if err != nil {
		return err
	}
	return replaceFile(d.PidFile, append(data, '\n'))
}

// Stop sends SIGTERM to the daemon, and SIGKILL when grace is over. If grace is zero, it sends SIGKILL at once.
func (d Daemon) Stop(grace time.Duration) error {
	record, alive := d.Running()
	if alive {
		if err := Terminate(record.Identity, grace); err != nil {
			return fmt.Errorf("stopping %s: %w", d.Name, err)
		}
	}
	if err := os.Remove(d.PidFile); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Terminate ends one process and returns when it is gone.
func Terminate(id Identity, grace time.Duration) error {
	if grace > 0 && Proc.Alive(id) {
		if err := syscall.Kill(id.PID, syscall.SIGTERM); err != nil && err != syscall.ESRCH {
			return err
		}
		if gone(id, grace) {
			return nil
		}
	}
	if Proc.Alive(id) {
		if err := syscall.Kill(id.PID, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
			return err
		}
	}
	if !gone(id, 10*time.Second) {
		return fmt.Errorf("process %d survives SIGKILL; it may hang in the kernel (see /proc/%d/stack)", id.PID, id.PID)
	}
	return nil
}

func gone(id Identity, within time.Duration) bool {
	for deadline := time.Now().Add(within); ; time.Sleep(20 * time.Millisecond) {
		if !Proc.Alive(id) {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}

// replaceFile replaces a file atomically: after a crash, it has either the old or the new content.
func replaceFile(path string, data []byte) error {
	temporary := path + ".new"
	if err := os.WriteFile(temporary, data, 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

// RaiseOpenFiles raises the limit on open files as far as the machine allows, for this program and its children. The
// explicit call is necessary: otherwise Go gives its children the original limit.
func RaiseOpenFiles() {
	const plenty = 1 << 20
	if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: plenty, Max: plenty}) == nil {
		return
	}
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		limit.Cur = limit.Max
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) // if it fails, the present limit must do
	}
}
