// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"fmt"
	"time"

	"github.com/prometheus/procfs"
)

// Mebi formats bytes for people.
func Mebi(bytes float64) string { return fmt.Sprintf("%.0f MiB", bytes/(1<<20)) }

// CPU is the CPU time of all CPUs of this machine. All also includes I/O wait and stolen time.
type CPU struct{ Busy, Idle, All time.Duration }

// CPUSoFar returns the CPU time since the kernel started.
func CPUSoFar() (CPU, error) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return CPU{}, err
	}
	stat, err := fs.Stat()
	if err != nil {
		return CPU{}, err
	}
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	c := stat.CPUTotal
	busy := c.User + c.Nice + c.System + c.IRQ + c.SoftIRQ
	return CPU{Busy: seconds(busy), Idle: seconds(c.Idle), All: seconds(busy + c.Idle + c.Iowait + c.Steal)}, nil
}
