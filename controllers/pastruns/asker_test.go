// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package pastruns

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr/funcr"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
)

// shelf is an archive in memory that takes some time for each question.
type shelf struct {
	takes time.Duration
	err   error
	runs  []lifecycle.PastRun

	mu          sync.Mutex
	asked       []string
	atOnce, top int
}

func (s *shelf) Ended(ctx context.Context, name types.NamespacedName) ([]lifecycle.PastRun, error) {
	s.mu.Lock()
	s.asked = append(s.asked, name.Name)
	s.atOnce++
	s.top = max(s.top, s.atOnce)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.atOnce--
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(s.takes):
	}
	var found []lifecycle.PastRun
	for _, run := range s.runs {
		if run.Name == name {
			found = append(found, run)
		}
	}
	return found, s.err
}

// opened returns Runs with the archive. lines counts the lines that are logged.
func (s *shelf) opened(lines *atomic.Int32) *Runs {
	log := funcr.New(func(string, string) { lines.Add(1) }, funcr.Options{})
	return New(Options{Archive: s, Clusters: []string{"here"}, Clock: clock.RealClock{}, Log: log})
}

// suspicious returns a run that was created some time after its request.
func suspicious(name string) *v1alpha1.TaskExecution {
	e := requested(name, types.UID("uid-"+name), time.Now())
	e.CreationTimestamp.Time = e.CreationTimestamp.Add(time.Minute)
	return e
}

func TestArchiveIsAskedOnceInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := suspicious("run")
		ended := lifecycle.PastRun{Name: named("run"), UID: "before", Requested: e.Spec.Trigger.Time.Time, Phase: v1alpha1.PhaseCompleted}
		s, woken := &shelf{takes: time.Second, runs: []lifecycle.PastRun{{Name: named("run"), UID: "unrelated"}, ended}}, make(chan bool, 1)
		runs := s.opened(new(atomic.Int32))
		for range 3 {
			if original, wait := runs.Original(e, func() { woken <- true }); original != nil || wait <= 0 || wait > askPatience {
				t.Fatalf("at first: %+v, wait %s", original, wait)
			}
		}
		<-woken
		for range 3 {
			if original, wait := runs.Original(e, nil); original == nil || *original != ended || wait != 0 {
				t.Errorf("then: %+v, wait %s", original, wait)
			}
		}
		if len(s.asked) != 1 {
			t.Errorf("the archive was asked %d times", len(s.asked))
		}
		runs.Settled(e.UID)
		if len(runs.asker.asked) != 0 {
			t.Errorf("%d questions are kept", len(runs.asker.asked))
		}
	})
}

// An ordinary run costs no question, also not later while it waits in the queue.
func TestOrdinaryRunIsNotAskedAbout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		runs, e := s.opened(new(atomic.Int32)), requested("run", "uid", time.Now())
		for range 3 {
			if original, wait := runs.Original(e, nil); original != nil || wait != 0 {
				t.Errorf("%+v, wait %s", original, wait)
			}
			time.Sleep(time.Hour) //nolint:forbidigo // the clock of the bubble
		}
		if len(s.asked) != 0 {
			t.Errorf("asked: %v", s.asked)
		}
	})
}

// An archive that does not answer delays a suspicious run by its time limit, and after that no run at all.
func TestCase64ArchiveThatIsAway(t *testing.T) {
	for name, s := range map[string]*shelf{
		"slow":  {takes: time.Hour},
		"fails": {takes: time.Second, err: errors.New("403")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var lines atomic.Int32
				runs, woken := s.opened(&lines), make(chan bool, 100)
				begun := time.Now()
				for i := range 100 {
					if _, wait := runs.Original(suspicious(fmt.Sprint("run-", i)), func() { woken <- true }); wait <= 0 {
						t.Fatalf("run %d does not wait", i)
					}
				}
				for range 100 {
					<-woken
				}
				if took := time.Since(begun); took > askTime {
					t.Errorf("the runs waited %s", took)
				}
				for i := range 100 {
					if original, wait := runs.Original(suspicious(fmt.Sprint("run-", i)), nil); original != nil || wait != 0 {
						t.Fatalf("run %d: %+v, wait %s", i, original, wait)
					}
				}
				if _, wait := runs.Original(suspicious("next"), nil); wait != 0 {
					t.Errorf("the next run waits %s", wait)
				}
				if len(s.asked) > askAtOnce || lines.Load() != 1 {
					t.Errorf("asked %d times, logged %d lines", len(s.asked), lines.Load())
				}
				time.Sleep(askPause + time.Second) //nolint:forbidigo // the clock of the bubble
				if _, wait := runs.Original(suspicious("later"), func() { woken <- true }); wait <= 0 {
					t.Error("the archive is not asked again")
				}
				<-woken
			})
		})
	}
}

// Thousands of runs that wait when the controller starts are asked about a few at once.
func TestArchiveIsAskedAFewAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, woken := &shelf{takes: 20 * time.Millisecond}, make(chan bool, 5000)
		runs := s.opened(new(atomic.Int32))
		for i := range 5000 {
			runs.Original(suspicious(fmt.Sprint("run-", i)), func() { woken <- true })
		}
		for range 5000 {
			<-woken
		}
		synctest.Wait()
		if len(s.asked) != 5000 || s.top != askAtOnce || runs.asker.workers != 0 {
			t.Errorf("asked %d times, %d at once, %d workers are left", len(s.asked), s.top, runs.asker.workers)
		}
	})
}

func TestNamesOfTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{runs: []lifecycle.PastRun{{Name: named("archived"), UID: "a"}}}
		runs := s.opened(new(atomic.Int32))
		runs.Deleted(requested("deleted", "b", time.Now()))
		for name, want := range map[string]bool{"archived": true, "deleted": true, "new": false} {
			if existed, _ := runs.Existed(named(name), false); existed != (name == "deleted") {
				t.Errorf("%s, without the archive: %t", name, existed)
			}
			runs.Existed(named(name), true)
			synctest.Wait()
			existed, wait := runs.Existed(named(name), true)
			if existed != want || wait != 0 {
				t.Errorf("%s: %t, wait %s", name, existed, wait)
			}
			runs.Decided(named(name))
		}
		if len(runs.asker.asked) != 0 {
			t.Errorf("%d questions are kept", len(runs.asker.asked))
		}
	})
}

// A run that was just deleted needs no archive.
func TestMemoryComesFirst(t *testing.T) {
	runs := New(Options{Clock: clock.RealClock{}})
	first := requested("run", "a", time.Now())
	runs.Deleted(first)
	again := first.DeepCopy()
	again.UID = "b"
	if original, wait := runs.Original(again, nil); original == nil || original.UID != "a" || wait != 0 {
		t.Errorf("%+v, wait %s", original, wait)
	}
	if original, wait := runs.Original(requested("other", "c", time.Now()), nil); original != nil || wait != 0 {
		t.Errorf("of another run: %+v, wait %s", original, wait)
	}
	var none *Runs
	none.Deleted(first)
	none.Settled("a")
	none.Decided(named("run"))
	if original, wait := none.Original(again, nil); original != nil || wait != 0 {
		t.Errorf("without memory and archive: %+v, wait %s", original, wait)
	}
	if existed, wait := none.Existed(named("run"), true); existed || wait != 0 {
		t.Errorf("without memory and archive: %t, wait %s", existed, wait)
	}
}
