// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package process starts daemons that outlive this program, and finds and stops them again. It identifies a process
// by its number, its start time and the boot, because the kernel reuses process numbers.
package process

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Identity identifies one process uniquely.
type Identity struct {
	PID int `json:"pid"`
	// StartTicks is when it started, in clock ticks since boot (field 22 of /proc/PID/stat).
	StartTicks uint64 `json:"startTicks"`
	// BootID is the ID of the boot. After a reboot, another process may have the same two numbers.
	BootID string `json:"bootID"`
}

// Table reads a proc file system. Tests use a folder of their own.
type Table struct{ Root string }

// Proc is this machine's proc file system.
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

// Alive reports whether this process still runs.
func (t Table) Alive(id Identity) bool {
	if id.PID <= 1 {
		return false
	}
	now, err := t.Identify(id.PID)
	return err == nil && now == id
}

// BootID returns the kernel's random ID of this boot.
func (t Table) BootID() (string, error) {
	id, err := os.ReadFile(filepath.Join(t.Root, "sys", "kernel", "random", "boot_id"))
	return strings.TrimSpace(string(id)), err
}

// parseStat returns when a process started and whether it has ended. The program's name is in parentheses and may
// contain spaces and parentheses, so fields are counted from the last one. A zombie counts as ended only if it has no
// threads left. Until then, it keeps its files and ports open.
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

// CarryingEnv returns the processes whose environment has the entry KEY=VALUE. It finds daemons whose pid file was
// lost, and their children.
func (t Table) CarryingEnv(entry string) []int {
	var pids []int
	for _, pid := range t.pids() {
		environ, err := os.ReadFile(filepath.Join(t.Root, strconv.Itoa(pid), "environ"))
		if err != nil {
			continue // it has ended, or we may not read it
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

// Name returns the kernel's name of the process, or "" if it is gone.
func (t Table) Name(pid int) string {
	comm, _ := os.ReadFile(filepath.Join(t.Root, strconv.Itoa(pid), "comm"))
	return strings.TrimSpace(string(comm))
}

// Argv0 returns the name by which the process was called, or "" if it is gone.
func (t Table) Argv0(pid int) string {
	line, _ := os.ReadFile(filepath.Join(t.Root, strconv.Itoa(pid), "cmdline"))
	name, _, _ := bytes.Cut(line, []byte{0})
	return string(name)
}
