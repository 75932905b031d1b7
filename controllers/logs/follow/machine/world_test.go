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
	"github.com/taskexec/taskexec/controllers/logs/lines"
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
	// quietSince is when the last line was printed.
	quietSince time.Time
	// budget is how many more faults occur. At zero the container ends and nothing else fails.
	budget     int
	finishedAt time.Time
	podGone    bool
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

type printed struct {
	at      time.Time
	text    string
	newline bool
}

func (p printed) String() string { return p.at.UTC().Format(time.RFC3339Nano) + " " + p.text }

func (w *world) oneIn(n int) bool { return rapid.IntRange(1, n).Draw(w.t, "one in") == 1 }

// happen makes one thing happen: time passes, the container prints or ends, its log is rotated, or its pod is removed.
func (w *world) happen() {
	w.now = w.now.Add(time.Duration(rapid.IntRange(0, 2000).Draw(w.t, "ms")) * time.Millisecond)
	if !w.finishedAt.IsZero() {
		w.podGone = w.podGone || (w.budget > 0 && w.oneIn(40))
		return
	}
	if w.budget--; w.budget <= 0 {
		w.exit()
		return
	}
	what := rapid.IntRange(0, 19).Draw(w.t, "what")
	switch {
	case what == 0:
		w.exit()
	case what <= 2 && w.rotations > 0 && len(w.got) > 0: // before the first line, the machine can only guess
		w.rotations--
		w.first = len(w.printed)
	case what <= 13, w.now.Sub(w.quietSince) > longQuiet/2: // after a long quiet, the machine can only guess
		w.print(true)
	}
}

func (w *world) exit() {
	if w.oneIn(3) {
		w.print(false)
	}
	w.finishedAt = w.now
}

func (w *world) print(newline bool) {
	length := 5
	if w.oneIn(4) {
		length = rapid.IntRange(lines.MaxHead, 3*lines.MaxHead).Draw(w.t, "length")
	}
	text := fmt.Sprintf("%d %s", len(w.printed), strings.Repeat("x", length))
	w.printed = append(w.printed, printed{w.now, text, newline})
	w.quietSince = w.now
}

// response is the kubelet's answer to one request.
type response struct {
	w      *world
	next   int
	rest   string
	since  time.Time
	follow bool
	// whole means that it does not end too early without an error.
	whole bool
	err   error
}

func (r *response) Read(p []byte) (int, error) {
	for r.rest == "" && r.err == nil {
		r.advance()
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	if n == 0 {
		return 0, r.err
	}
	return n, nil
}

// advance prepares the next line, whole or cut, or ends the response.
func (r *response) advance() {
	w := r.w
	for r.next < len(w.printed) && w.printed[r.next].at.Before(r.since) {
		r.next++
	}
	breaks := w.budget > 0 && w.oneIn(12)
	switch {
	case r.next < len(w.printed):
		r.rest = w.printed[r.next].String()
		if w.printed[r.next].newline {
			r.rest += "\n"
		}
		r.next++
		if breaks {
			r.cut(rapid.IntRange(0, len(r.rest)).Draw(w.t, "cut at"))
		}
	case !w.finishedAt.IsZero() || !r.follow:
		r.err = io.EOF
	case breaks:
		r.cut(0)
	default:
		w.happen()
	}
}

// cut keeps only at bytes of the rest. The response then ends with an error, or as if the log ended there.
func (r *response) cut(at int) {
	w := r.w
	w.budget--
	// If two reads in a row end right after the newest delivered line, they look like the end of the log.
	whole := r.next - 1
	if at < len(r.rest) {
		whole--
	}
	looksLikeTheEnd := !r.follow && (r.whole || whole == w.newest && (at == 0 || at == len(r.rest)))
	r.rest, r.err = r.rest[:at], errCut
	if w.oneIn(2) && !looksLikeTheEnd {
		r.err = io.EOF
		w.cutShort = !r.follow
	}
}

func (w *world) respond(since time.Time, follow bool) *response {
	return &response{w: w, next: w.first, since: since, follow: follow}
}

// perform carries out an action of the machine.
func (w *world) perform(a *Action) Event {
	switch a.Kind {
	case BeginLine, ContinueLine, CutLine, Gap, GapAtStart:
		w.take(a)
	case Wait:
		if a.Pause {
			w.happen()
		}
		return Event{Kind: Waited, Ended: !w.finishedAt.IsZero() && (w.budget <= 0 || w.oneIn(2))}
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
		return Event{Kind: LineRead, At: l.At, Hash: l.Hash, Text: l.Head, Whole: l.Whole, More: l.More, New: l.New, Anew: l.Anew, End: endOf(err)}
	case ReadPiece:
		piece, whole, err := w.reader.Rest()
		return Event{Kind: PieceRead, Text: piece, Whole: whole, End: endOf(err)}
	case Search:
		found := false
		for _, l := range w.printed[w.first:] {
			found = found || (l.at.Equal(a.At) && w.m.Window().Hash([]byte(l.text)) == a.Hash)
		}
		return Event{Kind: Searched, Found: found}
	case Disconnect:
		w.reader.Release()
		return Event{Kind: Disconnected}
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
	e := Event{Kind: LookedUp}
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
		w.got = append(w.got, printed{a.At, string(a.Text), a.Whole})
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
	return w.m.Begin(Log{FileSize: 1 << 10}, !w.finishedAt.IsZero())
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
		answer.Now, answer.FinishedAt = w.now, w.finishedAt
		actions = w.m.Step(answer)
	}
	w.t.Fatal("the reading does not end")
	return ""
}
