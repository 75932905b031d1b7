// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/taskexec/taskexec/controllers/logs/dedup"
)

var errCut = errors.New("connection reset by peer")

// world is a container that prints, a kubelet that serves its log, and a controller that does what the machine asks
// for. rapid makes each choice. It breaks connections, rotates files, restarts the controller and removes the pod at
// any time.
type world struct {
	t   *rapid.T
	now time.Time
	// printed are all lines; first is the index of the first one in the current file.
	printed   []printed
	first     int
	rotations int
	// quietSince is when the last line was printed, and rotatedAt when the last file was rotated.
	quietSince, rotatedAt time.Time
	// budget is how many more faults occur. At zero the container ends and nothing else fails.
	budget     int
	finishedAt time.Time
	// told means that the controller knows that the container has ended.
	told    bool
	podGone bool
	// skew is how much the controller's clock is ahead of the node's.
	skew time.Duration
	// left means that the controller has left the current response.
	left bool
	// cutShort means that the last plain read ended too early without an error.
	cutShort bool

	m      *Machine
	reader *dedup.Reader
	// got are the delivered lines, and newest is the number of the last one. gapsAt has the number of delivered lines
	// at each gap.
	got    []printed
	newest int
	open   bool
	gapsAt map[int]bool
}

func (w *world) oneIn(n int) bool { return rapid.IntRange(1, n).Draw(w.t, "one in") == 1 }

// perform carries out an action of the machine.
func (w *world) perform(a *Action) Event {
	switch a.Kind {
	case BeginLine, ContinueLine, CutLine, Gap, GapAtStart:
		w.take(a)
	case Wait:
		if a.Pause {
			w.happen()
		}
		w.told = w.told || !w.finishedAt.IsZero() && (w.budget <= 0 || w.oneIn(2))
		return Event{Kind: Waited, Ended: w.told}
	case TakeTurn:
		if w.oneIn(5) {
			w.happen()
		}
		return Event{Kind: TurnTaken}
	case LookUp:
		return w.lookUp()
	case Connect:
		return w.connect(a)
	case ReadLine:
		l, err := w.reader.Next()
		return Event{Kind: LineRead, At: l.At, Hash: l.Hash, Text: l.Head, Whole: l.Whole, More: l.More, New: l.New, FileSkipped: l.FileSkipped, End: endOf(err)}
	case ReadPiece:
		piece, whole, err := w.reader.Rest()
		return Event{Kind: PieceRead, Text: piece, Whole: whole, End: endOf(err)}
	case Search:
		found := false
		for _, l := range w.printed[w.first:] {
			found = found || (l.at.Equal(a.At) && w.m.Window().Hash(headOf(l)) == a.Hash)
		}
		return Event{Kind: Searched, Found: found}
	case Disconnect:
		w.reader.Release()
		return Event{Kind: Disconnected, Left: w.left, Renewed: w.left && w.m.MayHang()}
	case Finish:
	}
	return Event{}
}

func endOf(err error) End {
	switch {
	case err == nil:
		return GoesOn
	case errors.Is(err, io.EOF):
		return Closed
	case errors.Is(err, dedup.ErrAgain):
		return Again
	default:
		return Broken
	}
}

func (w *world) lookUp() Event {
	e := Event{Kind: LookedUp, Interrupted: w.left}
	if e.Interrupted {
		return e
	}
	if w.first < len(w.printed) && (w.budget <= 0 || !w.oneIn(10)) {
		e.At = w.printed[w.first].at
	}
	return e
}

func (w *world) connect(a *Action) Event {
	if w.podGone || (w.budget > 0 && w.oneIn(8)) {
		w.budget--
		return Event{Kind: Refused, PodGone: w.podGone}
	}
	w.left = false
	body := w.respond(a.Since, a.Follow)
	if !a.Follow {
		body.whole, w.cutShort = w.cutShort, false
	}
	w.reader = dedup.NewReader(body, w.m.Window(), func(since time.Time) (io.ReadCloser, error) {
		return io.NopCloser(w.respond(since, false)), nil
	})
	return Event{Kind: Connected}
}

// take plays the sink.
func (w *world) take(a *Action) {
	switch a.Kind {
	case BeginLine:
		if w.open {
			w.t.Fatal("a line begins within another")
		}
		w.got = append(w.got, printed{at: a.At, text: string(a.Text), newline: a.Whole})
		w.open = !a.Whole
		_, _ = fmt.Sscan(string(a.Text), &w.newest)
	case ContinueLine:
		last := &w.got[len(w.got)-1]
		if !w.open {
			w.t.Fatal("a line goes on that did not begin")
		}
		last.text, last.newline, w.open = last.text+string(a.Text), a.Whole, !a.Whole
	case CutLine:
		w.open = false
	default:
		w.gapsAt[len(w.got)] = true
	}
}

// restart starts a new machine, which knows what was archived.
func (w *world) restart() []Action {
	w.m = &Machine{}
	var archived strings.Builder
	for _, l := range w.got {
		archived.WriteString(l.String())
		if l.newline {
			archived.WriteByte('\n')
		}
	}
	if err := w.m.Restore(strings.NewReader(archived.String())); err != nil {
		w.t.Fatal(err)
	}
	w.left = false
	w.told = w.told || !w.finishedAt.IsZero() && w.oneIn(2)
	return w.m.Begin(Log{FileSize: 1 << 10}, w.told)
}

// run reads the log to its end. It returns the reason why the rest is missing.
func (w *world) run() (missing string) {
	actions := w.m.Begin(Log{FileSize: 1 << 10}, false)
	for range 100_000 {
		var answer Event
		for i := range actions {
			if last := i == len(actions)-1; last != (actions[i].Kind >= Wait) {
				w.t.Fatalf("%s: only the last action has an answer", told(actions))
			}
			if actions[i].Kind == Finish {
				return actions[i].Reason
			}
			answer = w.perform(&actions[i])
		}
		if w.budget > 0 && w.oneIn(60) {
			w.budget--
			actions = w.restart()
			continue
		}
		answer.Now = w.now.Add(w.skew)
		if w.told = w.told || !w.finishedAt.IsZero() && w.oneIn(4); w.told {
			answer.FinishedAt = w.finishedAt.Truncate(time.Second)
		}
		actions = w.m.Step(answer)
	}
	w.t.Fatal("the reading does not end")
	return ""
}
