// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/lines"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

var actionNames = map[ActionKind]string{
	BeginLine: "BeginLine", ContinueLine: "ContinueLine", CutLine: "CutLine", Gap: "Gap", GapAtStart: "GapAtStart",
	Wait: "Wait", TakeTurn: "TakeTurn", LookUp: "LookUp", Connect: "Connect", ReadLine: "ReadLine", ReadPiece: "ReadPiece",
	Search: "Search", Disconnect: "Disconnect", Finish: "Finish",
}

// told renders actions as text: the name of each, and the fields that matter.
func told(actions []Action) string {
	var out []string
	for i := range actions {
		a, detail := &actions[i], []string{}
		add := func(when bool, word string) {
			if when {
				detail = append(detail, word)
			}
		}
		add(len(a.Text) > 0, fmt.Sprintf("%.10s", a.Text))
		add((a.Kind == BeginLine || a.Kind == ContinueLine) && !a.Whole, "…")
		add(a.Reason != "" && a.Reason != v1alpha1.ReasonLogsRotated, a.Reason)
		add(a.Urgent, "urgent")
		add(a.Follow, "follow")
		add(a.Kind == Wait && !a.Pause, "no pause")
		add(a.Kind == Wait && a.Pause && a.FirstPause, "first pause")
		add(a.UntilEnd, "until end")
		name := actionNames[a.Kind]
		if len(detail) > 0 {
			name += "(" + strings.Join(detail, ", ") + ")"
		}
		out = append(out, name)
	}
	return strings.Join(out, " ")
}

// play gives events to a machine and returns the actions after the last one. Events without a time are a second apart.
func play(m *Machine, events ...Event) (last string) {
	for i, e := range events {
		if e.Now.IsZero() {
			e.Now = at(float64(i))
		}
		last = told(m.Step(e))
	}
	return last
}

// following returns a machine that follows a log and has read the given lines.
func following(lines ...Event) *Machine {
	m := &Machine{log: Log{FileSize: 1 << 40}}
	play(m, append([]Event{{Kind: Waited}, {Kind: TurnTaken}, {Kind: Connected}}, lines...)...)
	return m
}

// line is a whole new line.
func line(second float64, text string) Event {
	return Event{Kind: LineRead, At: at(second), Now: at(second), Hash: hashOf(text), Text: []byte(text), Whole: true, New: true}
}

func hashOf(text string) (hash uint64) {
	for _, b := range []byte(text) {
		hash = hash*31 + uint64(b)
	}
	return hash
}

// begins is the first piece of a long line that is new, or that comes again.
func begins(second float64, text string, again bool) Event {
	e := line(second, text)
	e.Whole, e.More, e.New = false, true, !again
	return e
}

func piece(text string, whole bool, end End) Event {
	return Event{Kind: PieceRead, Text: []byte(text), Whole: whole, End: end}
}

func TestConnections(t *testing.T) {
	for name, c := range map[string]struct {
		events []Event
		want   string
	}{
		"a turn is taken first":                     {[]Event{{Kind: Waited}}, "TakeTurn"},
		"the log of an ended container may vanish":  {[]Event{{Kind: Waited, Ended: true}}, "TakeTurn(urgent)"},
		"a running container is followed":           {[]Event{{Kind: Waited}, {Kind: TurnTaken}}, "Connect(follow)"},
		"an ended container is read":                {[]Event{{Kind: Waited, Ended: true}, {Kind: TurnTaken}}, "Connect"},
		"refused":                                   {[]Event{{Kind: Waited}, {Kind: Refused}}, "Wait(until end)"},
		"refused after the end":                     {[]Event{{Kind: Waited, Ended: true}, {Kind: Refused}}, "Wait"},
		"the pod is gone":                           {[]Event{{Kind: Waited, Ended: true}, {Kind: Refused, PodGone: true}}, "Finish(PodGone)"},
		"the response is read":                      {[]Event{{Kind: Waited}, {Kind: TurnTaken}, {Kind: Connected}}, "ReadLine"},
		"the response ends":                         {[]Event{{Kind: Waited}, {Kind: TurnTaken}, {Kind: Connected}, {Kind: LineRead, End: Closed}}, "Disconnect"},
		"the response breaks":                       {[]Event{{Kind: Waited}, {Kind: TurnTaken}, {Kind: Connected}, {Kind: LineRead, End: Broken}}, "Disconnect"},
		"and again, after a pause":                  {[]Event{{Kind: Waited}, {Kind: Connected}, {Kind: LineRead, End: Closed}, {Kind: Disconnected}}, "Wait(until end)"},
		"after leaving, it reconnects at once":      {[]Event{{Kind: Waited}, {Kind: Connected}, {Kind: LineRead, End: Broken}, {Kind: Disconnected, Left: true}}, "Wait(no pause)"},
		"the log is read again":                     {[]Event{{Kind: Waited}, {Kind: Connected}, {Kind: LineRead, End: Again}, {Kind: Disconnected}}, "Wait(no pause)"},
		"after lines, the pauses start again":       {[]Event{{Kind: Waited}, {Kind: Connected}, line(1, "a"), {Kind: LineRead, End: Broken}, {Kind: Disconnected}}, "Wait(first pause, until end)"},
		"an ended container's log broke":            {[]Event{{Kind: Waited, Ended: true}, {Kind: Connected}, {Kind: LineRead, End: Broken}, {Kind: Disconnected}}, "Wait"},
		"one read is no proof of the end":           {[]Event{{Kind: Waited, Ended: true}, {Kind: Connected}, {Kind: LineRead, End: Closed}, {Kind: Disconnected}}, "Wait(no pause)"},
		"two reads without a line are":              {[]Event{{Kind: Waited, Ended: true}, {Kind: Connected}, {Kind: LineRead, End: Closed}, {Kind: Disconnected}, {Kind: Waited, Ended: true}, {Kind: Connected}, {Kind: LineRead, End: Closed}, {Kind: Disconnected}}, "Finish"},
		"kubelet messages are no log":               {[]Event{{Kind: Waited, Ended: true}, {Kind: Connected}, {Kind: LineRead, Text: []byte("no"), Whole: true, End: Closed}, {Kind: Disconnected}}, "Wait"},
		"a cut line is not delivered":               {[]Event{{Kind: Waited}, {Kind: Connected}, {Kind: LineRead, At: at(1), Text: []byte("a"), End: Closed}}, "Disconnect"},
		"a line cut after its stamp is not the end": {[]Event{{Kind: Waited, Ended: true}, {Kind: TurnTaken}, {Kind: Connected}, {Kind: LineRead, At: at(1), End: Closed}, {Kind: Disconnected}, {Kind: Waited, Ended: true}, {Kind: TurnTaken}, {Kind: Connected}, {Kind: LineRead, End: Closed}, {Kind: Disconnected}}, "Wait"},
		"nor is a rest without a timestamp":         {[]Event{{Kind: Waited}, {Kind: Connected}, {Kind: LineRead, Text: []byte("a"), Whole: true}}, "ReadLine"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := play(&Machine{}, c.events...); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// The beginning of a file is looked up after a line, and before the next connection if a look-up is due.
func TestLookUps(t *testing.T) {
	printing := func() (m *Machine, last string) {
		m = following()
		m.log.FileSize = 1 << 10
		big := line(10, "x")
		big.Text = make([]byte, fastFlow)
		return m, play(m, big)
	}
	const delivered = "BeginLine(" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" + ")"
	for name, c := range map[string]struct {
		answer Event
		want   string
	}{
		"not rotated":         {Event{Kind: LookedUp, At: at(10)}, "ReadLine"},
		"rotated just now":    {Event{Kind: LookedUp, At: at(10.1)}, "Gap ReadLine"},
		"rotated long before": {Event{Kind: LookedUp, At: at(9)}, "ReadLine"},
		"not known":           {Event{Kind: LookedUp}, "ReadLine"},
	} {
		m, last := printing()
		if want := delivered + " LookUp"; last != want {
			t.Fatalf("fast printing brought %q, want %q", last, want)
		}
		if got := play(m, c.answer); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
	m, _ := printing()
	play(m, Event{Kind: LookedUp, Now: at(11)}, Event{Kind: LineRead, End: Broken}, Event{Kind: Disconnected}, Event{Kind: Waited})
	if got := play(m, Event{Kind: TurnTaken}); got != "LookUp" {
		t.Errorf("a look-up is owed before the next connection, and it brought %s", got)
	}
	if got := play(m, Event{Kind: LookedUp, At: at(10.1)}); got != "Gap Connect(follow)" {
		t.Errorf("the look-up brought %s", got)
	}
}

// Lines missing before the first one are judged once: when enough was read, or at the end of the log.
func TestHead(t *testing.T) {
	late := func() *Machine {
		m := &Machine{}
		m.Begin(Log{StartedAt: at(-3600), FileSize: 1 << 20}, true)
		play(m, Event{Kind: TurnTaken, Now: at(100)}, Event{Kind: Connected, Now: at(100)})
		return m
	}
	first := line(0, strings.Repeat("x", 1000))
	m := late()
	if got := play(m, first, line(2, "b")); got != "BeginLine(b) GapAtStart ReadLine" {
		t.Errorf("when enough was read: %s", got)
	}
	if got := play(m, line(4, "c")); got != "BeginLine(c) ReadLine" {
		t.Errorf("after it was judged: %s", got)
	}
	m = late()
	confirm := []Event{{Kind: LineRead, End: Closed}, {Kind: Disconnected}, {Kind: Waited, Ended: true}, {Kind: TurnTaken}, {Kind: Connected}}
	play(m, append([]Event{first}, confirm...)...)
	if got := play(m, Event{Kind: LineRead, End: Closed}, Event{Kind: Disconnected}); !strings.HasPrefix(got, "GapAtStart") {
		t.Errorf("at the end of a short log: %s", got)
	}
}

func TestRestoredLogGoesOn(t *testing.T) {
	long := strings.Repeat("x", 2*lines.MaxHead)
	restored := func() *Machine {
		m := &Machine{}
		archived := fmt.Sprintf("%s a\n%s %s", at(1).Format(time.RFC3339Nano), at(2).Format(time.RFC3339Nano), long)
		if err := m.Restore(strings.NewReader(archived)); err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := restored()
	play(m, Event{Kind: Waited}, Event{Kind: TurnTaken}, Event{Kind: Connected})
	head, err := lines.NewReader(strings.NewReader(at(2).Format(time.RFC3339Nano) + " " + long)).Next()
	if err != nil {
		t.Fatal(err)
	}
	again := begins(2, string(head.Head), true)
	again.Hash = m.Window().Hash(head.Head)
	if got := play(m, again); got != "ReadPiece" {
		t.Errorf("the long line came again: %s", got)
	}
	if got := play(m, piece(long[len(head.Head):]+"!", true, GoesOn)); got != "ContinueLine(!) ReadLine" {
		t.Errorf("its rest: %s", got)
	}
	m = restored()
	play(m, Event{Kind: Waited}, Event{Kind: TurnTaken}, Event{Kind: Connected})
	m.Window().Resume()
	if got := play(m, line(100, "b")); got != "Gap ContinueLine Gap BeginLine(b) ReadLine" {
		t.Errorf("only later lines came: %s", got)
	}
}

func TestConnectionsThatMayHang(t *testing.T) {
	m := following()
	much := line(1, "x")
	much.Text = make([]byte, muchToCatchUp)
	play(m, much)
	if !m.MayHang() {
		t.Error("a connection that brought much cannot hang")
	}
	play(m, Event{Kind: LineRead, End: Broken}, Event{Kind: Disconnected}, Event{Kind: Waited}, Event{Kind: TurnTaken})
	if m.MayHang() {
		t.Error("the next connection may hang for what this one brought")
	}
}
