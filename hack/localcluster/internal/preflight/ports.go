// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package preflight checks whether a cluster can start on this machine before anything is changed. Its errors say
// what to do.
package preflight

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/taskexec/taskexec/hack/localcluster/internal/process"
)

// Listener is an address at which one of our daemons will listen.
type Listener struct {
	Component string
	IP        string
	Port      int
}

// PortTaken says that another program listens at an address that a component needs.
type PortTaken struct {
	Listener
	PID     int    // 0 if unknown
	Program string // "" if unknown
}

func (e *PortTaken) Error() string {
	owner := "another process (run as root to see which)"
	if e.PID != 0 {
		owner = fmt.Sprintf("process %d (%s)", e.PID, e.Program)
	}
	return fmt.Sprintf("%s needs port %d on %s, but %s listens there: stop that process, "+
		"or use the cluster it may belong to (set KUBECONFIG to it)", e.Component, e.Port, e.IP, owner)
}

// CheckPorts returns a *PortTaken for the first listener whose port is in use, or nil.
func CheckPorts(table process.Table, wanted []Listener) error {
	inUse := listening(table)
	for _, want := range wanted {
		for _, found := range inUse {
			if found.port != want.Port || !overlaps(found.ip, net.ParseIP(want.IP)) {
				continue
			}
			pid := socketOwner(table, found.inode)
			return &PortTaken{Listener: want, PID: pid, Program: table.Name(pid)}
		}
	}
	return nil
}

type socket struct {
	ip    net.IP
	port  int
	inode string
}

func overlaps(a, b net.IP) bool { return a.IsUnspecified() || b.IsUnspecified() || a.Equal(b) }

// listening reads the kernel's list of TCP sockets. Trying to bind would not reveal the owner of a socket, and needs
// an address that exists already.
func listening(table process.Table) []socket {
	var sockets []socket
	for _, file := range []string{"tcp", "tcp6"} {
		list, err := os.Open(filepath.Join(table.Root, "net", file))
		if err != nil {
			continue // no IPv6 here
		}
		for lines := bufio.NewScanner(list); lines.Scan(); {
			if s, ok := parseSocket(lines.Text()); ok {
				sockets = append(sockets, s)
			}
		}
		list.Close()
	}
	return sockets
}

// parseSocket parses one line of /proc/net/tcp. ok is true only if the socket listens (state 0A).
func parseSocket(line string) (s socket, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 10 || fields[3] != "0A" {
		return s, false
	}
	address, port, found := strings.Cut(fields[1], ":")
	raw, err := hex.DecodeString(address)
	number, errPort := strconv.ParseUint(port, 16, 16)
	if !found || err != nil || errPort != nil {
		return s, false
	}
	for word := range slices.Chunk(raw, 4) {
		slices.Reverse(word) // the kernel prints each 32-bit word in the byte order of the machine
	}
	return socket{ip: net.IP(raw), port: int(number), inode: fields[9]}, true
}

// socketOwner returns the process that has the socket open, or 0.
func socketOwner(table process.Table, inode string) int {
	links, _ := filepath.Glob(filepath.Join(table.Root, "[0-9]*", "fd", "*"))
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && target == "socket:["+inode+"]" {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(link))))
			return pid
		}
	}
	return 0
}
