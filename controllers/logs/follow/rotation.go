package follow

import "time"

// What a kubelet does to a log while it is read, and how it is noticed. It gives the current file of a container
// only, and rotates it when it is too large, as it sees at intervals. A reader that follows from the start gets
// all of it, but for three cases (k8s.io/cri-client/pkg/logs, ReadLogs):
//
//   - Nobody was connected when the file was rotated: the lines between are out of reach. The line that was read
//     last does not come again (cursor.Replayed).
//   - The reader was so far behind that the file was rotated twice before it came to the end of the first: the
//     kubelet opens the third, and the second is passed over; or the container ended meanwhile, and it opens none.
//     The time stamps jump while there is a backlog, and the line before the jump is not in the current file.
//   - The kubelet did not notice that there is a new file: it watches only from the first time on that it was at
//     the end of one, and loses events when very many lines come at once. It goes on waiting at the end of the
//     old file. Such a connection has brought much and then is silent; it is made anew.
const (
	// minRotation is less than the least time between two rotations of one file: the least
	// containerLogMonitorInterval that a kubelet accepts is 3 s.
	minRotation = 2500 * time.Millisecond
	// aBacklog is by how much a reader is later than it was at its best, when it may be behind a rotation.
	aBacklog = 500 * time.Millisecond
	// longQuiet is after how long without a line every kubelet will have rotated a file that was too large.
	longQuiet = time.Minute
	// muchToCatchUp is how many new bytes make a connection suspicious that then falls silent.
	muchToCatchUp = 64 << 10
)

// pace is what is known of how a log was read, as far as rotation is concerned. Times of lines are the node's,
// all others ours.
type pace struct {
	// opened is when the present connection, or the last one, was made.
	opened time.Time
	// last line's time stamp, and when it was read.
	last, read time.Time
	// lead is the least time from a line's stamp to its reading: how far the two clocks are apart, at most.
	lead     time.Duration
	hasLines bool
	// fresh is how many new bytes the connection brought.
	fresh int64
	// over is when the last connection ended. clean: it ended as a response should; renewed: we ended it.
	over           time.Time
	clean, renewed bool
}

func (p *pace) connect(now time.Time) {
	p.opened, p.fresh, p.renewed = now, 0, false
}

func (p *pace) disconnect(now time.Time, clean bool) { p.over, p.clean = now, clean }

// line takes note of a new line. suspicious tells that lines may have been passed over before it: the reader was
// behind, and the stamps jump by more than a rotation takes.
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

// behind is by how much later than at best the last line was read. What was printed before the connection was made
// counts from then.
func (p *pace) behind() time.Duration { return p.read.Add(-p.lead).Sub(p.from()) }

// from is the time of the last line, or of the connection when that is later, by the node's clock.
func (p *pace) from() time.Time { return later(p.last, p.opened.Add(-p.lead)) }

// shouldRenew tells whether a silent connection is one to be made anew: it had much to catch up with, so that it
// may wait at the end of an old file.
func (p *pace) shouldRenew() bool { return p.fresh > muchToCatchUp }

// unbroken tells whether nothing can have been lost since the last line, although it does not come again: the
// file was rotated, but while a reader was there. finished is when the container ended, zero when it runs.
func (p *pace) unbroken(finished time.Time) bool {
	quiet := p.over.Sub(p.read)
	switch {
	case p.clean && !finished.IsZero() && !p.over.Before(finished) && p.behind() < aBacklog:
		return true // the reader was there until the end, after which nothing is rotated
	case p.renewed && quiet < minRotation && p.read.Sub(p.opened) < time.Second:
		return true // made anew before a second rotation was possible
	default:
		return quiet >= longQuiet
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
