// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import "time"

// A kubelet serves only the current file of a container. It checks the size of the file at intervals and rotates the
// file if it is too large. A reader that follows from the start gets all lines, with three exceptions
// (k8s.io/cri-client/pkg/logs, ReadLogs):
//
//   - Nobody was connected when the file was rotated. The lines between are out of reach, and the last read line does
//     not come again (dedup.Replayed).
//   - The file was rotated twice before the reader came to the end of the first one. The kubelet opens the third file
//     and skips the second. If the container has ended meanwhile, it opens none. The timestamps jump while the reader
//     is behind, and the line before the jump is not in the current file.
//   - The kubelet does not notice the new file. It watches only after it was at the end of a file once, and loses
//     events when very many lines come at once. Then it waits at the end of the old file. Such a connection brings many
//     lines and then none; it is replaced.
const (
	// minRotation is less than the shortest time between two rotations of one file: a kubelet accepts a
	// containerLogMonitorInterval of 3 s or more.
	minRotation = 2500 * time.Millisecond
	// aBacklog is the delay from which on a reader may be behind a rotation.
	aBacklog = 500 * time.Millisecond
	// longQuiet is a time without lines after which every kubelet has rotated a file that was too large.
	longQuiet = time.Minute
	// fastestPrint is more than any runtime writes to a file, in bytes per second.
	fastestPrint = 1 << 30
	// muchToCatchUp is how many new bytes make a connection suspicious if it is silent afterwards.
	muchToCatchUp = 64 << 10
)

// pace is how a log was read, as far as it matters for rotation. The times of lines are the node's, all others the
// controller's.
type pace struct {
	// opened is when the current connection, or the last one, was made.
	opened time.Time
	// last is the timestamp of the last line, and read is when it was read.
	last, read time.Time
	// lead is the shortest time from a line's timestamp to its reading: the greatest possible difference of the two
	// clocks.
	lead     time.Duration
	hasLines bool
	// fresh is how many new bytes the connection brought.
	fresh int64
	// over is when the last connection ended. clean means that it ended as a response should; renewed, that we ended it
	// because it was silent.
	over           time.Time
	clean, renewed bool
	// fileMissed means that, from then to the next connection, a whole file can have been printed and rotated.
	fileMissed bool
}

// containerEnd is what is known about the end of a container. It is zero while nothing is.
type containerEnd struct {
	// finished is when it ended, in whole seconds of the node's clock. It ended within this second.
	finished time.Time
	// known is when we first knew that it had ended.
	known time.Time
}

// know takes what an Event says.
func (c *containerEnd) know(finishedAt, now time.Time) {
	if c.known.IsZero() && !finishedAt.IsZero() {
		c.finished, c.known = finishedAt, now
	}
}

func (p *pace) connect(now time.Time) {
	p.opened, p.fresh, p.renewed = now, 0, false
}

func (p *pace) disconnect(now time.Time, clean bool) { p.over, p.clean = now, clean }

// line records a new line. suspicious means that lines may have been skipped before it: the reader was behind, and the
// timestamps jump by more than a rotation takes.
func (p *pace) line(at, now time.Time, size int64) (suspicious bool) {
	p.fresh += size
	if p.hasLines {
		suspicious = p.behind() >= aBacklog && at.Sub(p.from()) >= minRotation
	}
	if lead := now.Sub(at); !p.hasLines || lead < p.lead {
		p.lead = lead
	}
	p.last, p.read, p.hasLines = at, now, true
	return suspicious
}

// behind returns the delay of the last line, compared with the line that was read fastest. The delay of a line that was
// printed before the connection was made counts from the connection.
func (p *pace) behind() time.Duration { return p.read.Add(-p.lead).Sub(p.from()) }

// from returns the time of the last line or, if later, of the connection, by the node's clock.
func (p *pace) from() time.Time { return later(p.last, p.opened.Add(-p.lead)) }

// shouldRenew reports whether to replace the connection when it is silent: it had a lot to catch up with, so that the
// kubelet may wait at the end of an old file.
func (p *pace) shouldRenew() bool { return p.fresh > muchToCatchUp }

// unbroken reports whether no line can be lost since the last one, although that line does not come again: the file was
// rotated, but a reader was there. next is the timestamp of the next line, or zero at the end of the log.
func (p *pace) unbroken(end containerEnd, next time.Time) bool {
	switch {
	case p.clean && p.sawEnd(end) && p.behind() < aBacklog:
		return true // the reader was there until the end, after which nothing is rotated
	case p.renewed && p.over.Sub(p.opened) < minRotation && !next.IsZero() && next.Before(p.overThere()):
		return true // the file was rotated before the connection was left, and no second rotation was possible
	default:
		return p.quiet() && !p.fileMissed
	}
}

// sawEnd reports whether the connection certainly lasted until the container ended.
func (p *pace) sawEnd(end containerEnd) bool {
	return !end.known.IsZero() && (!p.over.Before(end.known) || !p.overThere().Before(end.finished.Add(time.Second)))
}

// overThere returns when the last connection ended, by the node's clock, or a little earlier.
func (p *pace) overThere() time.Time { return p.over.Add(-p.lead) }

// quiet reports whether the file with the last line was rotated before the connection ended, if it was too large.
func (p *pace) quiet() bool { return p.over.Sub(p.read) >= longQuiet }

// away judges the time until the next connection. fileSize is the size in bytes at which a kubelet rotates a file.
func (p *pace) away(until time.Time, fileSize int64) {
	p.fileMissed = until.Sub(p.over).Seconds()*fastestPrint >= float64(fileSize)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
