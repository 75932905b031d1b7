package harness

import (
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/procfs"
)

// Percentile of some values by nearest rank, 0 of none.
func Percentile(of []time.Duration, percent int) time.Duration {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(of))
	rank := (len(sorted)*percent + 99) / 100
	return sorted[max(rank, 1)-1]
}

// Mebi gives bytes for people.
func Mebi(bytes float64) string { return fmt.Sprintf("%.0f MiB", bytes/(1<<20)) }

// CPU is for how long the CPUs of this machine did something, for how long nothing, and, with what they waited for, in all.
type CPU struct{ Busy, Idle, All time.Duration }

// CPUSoFar asks the kernel what they have done since it started.
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
