// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package book

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"

	"github.com/taskexec/taskexec/controllers/notify/deliver"
	"github.com/taskexec/taskexec/controllers/notify/message"
	"github.com/taskexec/taskexec/controllers/notify/rules"
)

const run = types.UID("u1")

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

func wants(event rules.Event, target string) Wanted {
	return Wanted{message.ID(string(run), event, target), event, target}
}

func result(w Wanted, s deliver.State, at time.Time) deliver.Result {
	return deliver.Result{Delivery: deliver.Delivery{ID: w.ID}, State: s, Tries: 1, Message: w.ID, At: at}
}

func entry(w Wanted, at time.Time) Entry {
	return Entry{ID: w.ID, Event: w.Event, Target: w.Target, State: deliver.Delivered, Tries: 1, At: at}
}

func TestWhatIsMissing(t *testing.T) {
	failed, mail, row := wants(rules.Failed, "chat"), wants(rules.Failed, "mail"), wants(rules.FailedInARow, "chat")
	late, logs := wants(rules.Late, "chat"), wants(rules.LogIncomplete, "chat")
	for name, c := range map[string]struct {
		wanted   []Wanted
		written  []Entry
		underway []Wanted
		settled  []Wanted
		want     []Wanted
	}{
		"nothing":            {},
		"all":                {wanted: []Wanted{failed, mail}, want: []Wanted{failed, mail}},
		"one is written":     {wanted: []Wanted{failed, mail}, written: []Entry{entry(failed, noon)}, want: []Wanted{mail}},
		"one is under way":   {wanted: []Wanted{failed, mail}, underway: []Wanted{failed}, want: []Wanted{mail}},
		"one is settled":     {wanted: []Wanted{failed, mail}, settled: []Wanted{mail}, want: []Wanted{failed}},
		"another one's end":  {wanted: []Wanted{row}, written: []Entry{entry(failed, noon)}},
		"the end, under way": {wanted: []Wanted{failed}, underway: []Wanted{row}},
		"the end after late": {wanted: []Wanted{failed, logs}, written: []Entry{entry(late, noon)}, want: []Wanted{failed, logs}},
		"wanted twice":       {wanted: []Wanted{failed, failed, row}, want: []Wanted{failed}},
	} {
		t.Run(name, func(t *testing.T) {
			b := New()
			for _, w := range slices.Concat(c.underway, c.settled) {
				b.Began(run, w, noon.Add(time.Hour), noon)
			}
			for _, w := range c.settled {
				b.Settled(run, result(w, deliver.Delivered, noon))
			}
			if got := b.Missing(run, c.wanted, c.written); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
			if got := b.Missing("another", c.wanted, c.written); len(got) < len(c.want) {
				t.Errorf("the account of another run counts: %v", got)
			}
		})
	}
}

// One write when all are settled. A slow one is written after a minute.
func TestWhenItIsWritten(t *testing.T) {
	b, chat, mail := New(), wants(rules.Failed, "chat"), wants(rules.Failed, "mail")
	for _, w := range []Wanted{chat, mail} {
		b.Began(run, w, noon.Add(time.Hour), noon)
	}
	if got, wait := b.Entries(run, nil, noon); got != nil || wait != 0 {
		t.Errorf("nothing is settled: %v, %v", got, wait)
	}
	b.Settled(run, result(chat, deliver.Delivered, noon))
	if got, wait := b.Entries(run, nil, noon.Add(10*time.Second)); got != nil || wait != 50*time.Second {
		t.Errorf("one is under way: %v, %v", got, wait)
	}
	first, _ := b.Entries(run, nil, noon.Add(time.Minute))
	if len(first) != 1 || first[0] != entry(chat, noon) {
		t.Fatalf("after a minute: %v", first)
	}
	b.Wrote(run, first, noon.Add(time.Minute))
	b.Settled(run, result(mail, deliver.Failed, noon.Add(2*time.Minute)))
	second, _ := b.Entries(run, first, noon.Add(2*time.Minute))
	if len(second) != 2 || second[1].State != deliver.Failed {
		t.Fatalf("at the end: %v", second)
	}
	b.Wrote(run, second, noon.Add(2*time.Minute))
	if got, _ := b.Entries(run, second, noon.Add(time.Hour)); got != nil || b.Runs() != 0 {
		t.Errorf("everything is written: %v, %d runs", got, b.Runs())
	}
}

func TestSummedUp(t *testing.T) {
	b, w := New(), wants(rules.Failed, "chat")
	b.Began(run, w, noon.Add(time.Hour), noon)
	r := result(w, deliver.Delivered, noon)
	r.Message = "msg_another"
	b.Settled(run, r)
	b.Settled(run, r) // it is settled already
	b.Settled("another", r)
	if got, _ := b.Entries(run, nil, noon); len(got) != 1 || got[0].Message != "msg_another" {
		t.Errorf("got %v", got)
	}
}

// Retention waits for what is under way or not written, until the deadline and the minute of the write.
func TestRetentionWaits(t *testing.T) {
	b, w := New(), wants(rules.Failed, "chat")
	if may, after := b.MayRemove(run, noon); !may || after != 0 {
		t.Errorf("a run without deliveries: %v, %v", may, after)
	}
	b.Began(run, w, noon.Add(time.Hour), noon)
	if may, after := b.MayRemove(run, noon.Add(time.Minute)); may || after != time.Hour {
		t.Errorf("under way: %v, %v", may, after)
	}
	if may, _ := b.MayRemove(run, noon.Add(time.Hour+patience)); !may {
		t.Error("a delivery without an outcome keeps its run for ever")
	}
	b.Settled(run, result(w, deliver.Delivered, noon))
	if may, after := b.MayRemove(run, noon.Add(time.Second)); may || after != 59*time.Second {
		t.Errorf("not written: %v, %v", may, after)
	}
	b.Removed(run)
	if may, _ := b.MayRemove(run, noon); !may || b.Runs() != 0 {
		t.Error("a removed run is remembered")
	}
}

// Whenever the process ends, each delivery arrives. It arrives again only if the process ended between its arrival and the
// write of its outcome, and then with the same id.
func TestWheneverTheProcessEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var wanted []Wanted
		for _, target := range []string{"chat", "mail", "hook"} {
			for _, event := range []rules.Event{rules.Late, rules.Failed, rules.LogIncomplete} {
				wanted = append(wanted, wants(event, target))
			}
		}
		var written []Entry
		arrived, excused := map[string]int{}, map[string]int{}
		unwritten := map[string]bool{} // arrived, and not written
		now := noon
		b := New()
		began := []Wanted{}
		die := func() {
			for id := range unwritten {
				excused[id]++
			}
			clear(unwritten)
			b, began = New(), nil
		}
		step := map[string]func(){
			"offer": func() {
				for _, w := range b.Missing(run, wanted, written) {
					b.Began(run, w, now.Add(time.Hour), now)
					began = append(began, w)
				}
			},
			"attempt": func() {
				if len(began) == 0 {
					return
				}
				i := rapid.IntRange(0, len(began)-1).Draw(t, "which")
				w := began[i]
				began = slices.Delete(began, i, i+1)
				arrived[w.ID]++
				unwritten[w.ID] = true
				if rapid.Bool().Draw(t, "dies after the attempt") {
					die()
					return
				}
				b.Settled(run, result(w, deliver.Delivered, now))
			},
			"write": func() {
				entries, _ := b.Entries(run, written, now)
				if entries == nil {
					return
				}
				written = entries
				for _, e := range entries {
					delete(unwritten, e.ID)
				}
				if rapid.Bool().Draw(t, "dies after the write") {
					die()
					return
				}
				b.Wrote(run, entries, now)
			},
			"wait": func() { now = now.Add(30 * time.Second) },
			"die":  die,
		}
		names := []string{"offer", "attempt", "write", "wait", "die"}
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			step[rapid.SampledFrom(names).Draw(t, "step")]()
		}
		// The process that is left has no more trouble.
		step["offer"]()
		for _, w := range began {
			arrived[w.ID]++
			b.Settled(run, result(w, deliver.Delivered, now))
		}
		if entries, _ := b.Entries(run, written, now.Add(patience)); entries != nil {
			written = entries
			b.Wrote(run, entries, now)
		}
		for _, w := range wanted {
			if n := arrived[w.ID]; n < 1 || n > 1+excused[w.ID] {
				t.Fatalf("%s for %s arrived %d times, with %d deaths between arrival and write", w.Event, w.Target, n, excused[w.ID])
			}
		}
		if len(written) != len(wanted) || b.Runs() != 0 {
			t.Fatalf("written %d of %d, %d runs left", len(written), len(wanted), b.Runs())
		}
	})
}

func TestBooksOfManyRuns(t *testing.T) {
	b := New()
	for i := range 100 {
		b.Began(types.UID(fmt.Sprint(i)), wants(rules.Failed, "chat"), noon, noon)
	}
	for i := range 100 {
		uid := types.UID(fmt.Sprint(i))
		b.Settled(uid, result(wants(rules.Failed, "chat"), deliver.Delivered, noon))
		entries, _ := b.Entries(uid, nil, noon)
		b.Wrote(uid, entries, noon)
	}
	if n := b.Runs(); n != 0 {
		t.Errorf("%d runs are left", n)
	}
}
