// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package process starts daemons that outlive this program, and finds and stops them again. A process
// is known by its number, its start time and the boot it belongs to: a number alone is recycled.
package process

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Identity names one process for good.
type Identity struct {
	PID int `json:"pid"`
	// StartTicks is when it started, in clock ticks since boot (field 22 of /proc/PID/stat).
	StartTicks uint64 `json:"startTicks"`
	// BootID tells two boots apart: after a reboot both numbers above can fit a stranger.
	BootID string `json:"bootID"`
}

// Table reads a proc file system. Tests point it at a folder of their own.
type Table struct{ Root string }

// Proc is the machine's own.
var Proc = Table{Root: "/proc"}

// Identify returns the identity of a live process. A zombie counts as gone.
func (t Table) Identify(pid int) (Identity, error) {
	stat, err := os.ReadFile(filepath.Join(t.Root, strconv.Itoa(pid), "stat"))
	if err != nil {
		return Identity{}, err
	}
	start, ended, err := parseStat(stat)
	if err != nil {
		return Identity{}, fmt.Errorf("reading process %d: %w", pid, err)
	}
	if ended {
		return Identity{}, fmt.Errorf("process %d: %w", pid, os.ErrProcessDone)
	}
	boot, err := t.BootID()
	return Identity{PID: pid, StartTicks: start, BootID: boot}, err
}

// Alive says whether that very process still runs.
func (t Table) Alive(id Identity) bool {
	if id.PID <= 1 {
		return false
	}
	now, err := t.Identify(id.PID)
	return err == nil && now == id
}

// BootID is the kernel's random name for this boot.
func (t Table) BootID() (string, error) {
	id, err := os.ReadFile(filepath.Join(t.Root, "sys", "kernel", "random", "boot_id"))
	return strings.TrimSpace(string(id)), err
}

// parseStat reads when a process started and whether it has ended. The program's name, in parentheses, may
// itself hold spaces and parentheses, so fields count from the last one. A zombie has ended once its last
// thread is gone too: until then it still holds its files and ports.
func parseStat(stat []byte) (start uint64, ended bool, err error) {
	_, rest, found := bytes.Cut(stat[max(0, bytes.LastIndexByte(stat, ')')):], []byte(") "))
	fields := strings.Fields(string(rest))
	if !found || len(fields) < 20 {
		return 0, false, fmt.Errorf("unexpected stat line %q", stat)
	}
	state, threads := fields[0], fields[17]
	start, err = strconv.ParseUint(fields[19], 10, 64)
	return start, state == "X" || state == "Z" && (threads == "0" || threads == "1"), err
}

// CarryingEnv lists the processes whose environment has the entry KEY=VALUE: daemons whose pid file was
// lost, and what they started.
func (t Table) CarryingEnv(entry string) []int {
	var pids []int
	for _, pid := range t.pids() {
		environ, err := os.ReadFile(filepath.Join(t.Root, strconv.Itoa(pid), "environ"))
		if err != nil {
			continue // ended meanwhile, or not ours to read
		}
		if bytes.Contains(append([]byte{0}, environ...), []byte("\x00"+entry+"\x00")) && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}

func (t Table) pids() []int {
	entries, _ := os.ReadDir(t.Root)
	var pids []int
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Name is what the kernel calls the process, or "" when it is gone.
func (t Table) Name(pid int) string {
	comm, _ := os.ReadFile(filepath.Join(t.Root, strconv.Itoa(pid), "comm"))
	return strings.TrimSpace(string(comm))
}

// Argv0 is the name the process was called by, or "" when it is gone.
func (t Table) Argv0(pid int) string {
	line, _ := os.ReadFile(filepath.Join(t.Root, strconv.Itoa(pid), "cmdline"))
	name, _, _ := bytes.Cut(line, []byte{0})
	return string(name)
}
