// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Command steadynet runs a program that does not notice changes of the machine's network: it cannot open a netlink socket.
// Chromium breaks all connections (ERR_NETWORK_CHANGED) when an interface appears or goes, which happens with each pod of a node on
// the same machine. What it runs is the program of the variable STEADYNET, with the arguments.
package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"
)

// Constants of the kernel that the package syscall lacks: prctl(2), seccomp(2).
const (
	prSetNoNewPrivs   = 38
	prSetSeccomp      = 22
	seccompModeFilter = 2
	seccompAllow      = 0x7fff0000
	seccompErrno      = 0x00050000
)

// auditArchitectures are the names of machines in a filter (linux/audit.h).
var auditArchitectures = map[string]uint32{"amd64": 0xc000003e, "arm64": 0xc00000b7}

func main() {
	if err := run(os.Getenv("STEADYNET"), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "steadynet:", err)
		os.Exit(1)
	}
}

func run(program string, arguments []string) error {
	architecture, known := auditArchitectures[runtime.GOARCH]
	if !known {
		return fmt.Errorf("there is no filter for %s", runtime.GOARCH)
	}
	runtime.LockOSThread() // the filter is of the thread that becomes the program
	if err := prctl(prSetNoNewPrivs, 1, 0); err != nil {
		return fmt.Errorf("giving up new privileges: %w", err)
	}
	instructions := withoutNetlink(architecture)
	filter := syscall.SockFprog{Len: uint16(len(instructions)), Filter: &instructions[0]}
	if err := prctl(prSetSeccomp, seccompModeFilter, uintptr(unsafe.Pointer(&filter))); err != nil {
		return fmt.Errorf("setting the filter: %w", err)
	}
	if err := syscall.Exec(program, append([]string{program}, arguments...), os.Environ()); err != nil {
		return fmt.Errorf("running %s: %w", program, err)
	}
	return nil
}

func prctl(option, first, second uintptr) error {
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, option, first, second, 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// withoutNetlink returns a filter of system calls: socket(AF_NETLINK, …) fails with EAFNOSUPPORT, all others are allowed. The
// offsets are those of struct seccomp_data: the number of the call at 0, the architecture at 4, the first argument at 16.
func withoutNetlink(architecture uint32) []syscall.SockFilter {
	load := func(offset uint32) syscall.SockFilter {
		return syscall.SockFilter{Code: syscall.BPF_LD | syscall.BPF_W | syscall.BPF_ABS, K: offset}
	}
	skipUnless := func(value uint32, skipped uint8) syscall.SockFilter {
		return syscall.SockFilter{Code: syscall.BPF_JMP | syscall.BPF_JEQ | syscall.BPF_K, K: value, Jf: skipped}
	}
	answer := func(value uint32) syscall.SockFilter {
		return syscall.SockFilter{Code: syscall.BPF_RET | syscall.BPF_K, K: value}
	}
	return []syscall.SockFilter{
		load(4), skipUnless(architecture, 5),
		load(0), skipUnless(syscall.SYS_SOCKET, 3),
		load(16), skipUnless(syscall.AF_NETLINK, 1),
		answer(seccompErrno | uint32(syscall.EAFNOSUPPORT)),
		answer(seccompAllow),
	}
}
