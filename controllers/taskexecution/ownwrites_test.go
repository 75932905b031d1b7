// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskexecution

import (
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func version(v string) *v1alpha1.TaskExecution {
	e := &v1alpha1.TaskExecution{}
	e.Namespace, e.Name, e.ResourceVersion = "ns", "run", v
	return e
}

func TestOwnWrites(t *testing.T) {
	key := client.ObjectKeyFromObject(version(""))
	type writing struct {
		ownWrites
		done func(*v1alpha1.TaskExecution) bool
	}
	type step func(*writing) (look bool)
	saw := func(v string) step { return func(w *writing) bool { return w.seen(version(v)) } }
	answered := func(v string) step { return func(w *writing) bool { return w.done(version(v)) } }
	ended := func(v string) step {
		e := version(v)
		e.Status.Phase = v1alpha1.PhaseFailed
		return func(w *writing) bool { return w.done(e) }
	}
	looked := func(w *writing) bool { w.unseen(key); return false }
	failed := func(w *writing) bool { return w.done(nil) }
	gone := func(w *writing) bool { w.forget(key); return false }
	for name, c := range map[string]struct {
		steps []step
		// look reports whether the last step asks for a reconcile; unseen whether the write is still not seen after it.
		look, unseen bool
	}{
		"being written":                          {nil, false, true},
		"written":                                {[]step{answered("12")}, false, true},
		"written and seen":                       {[]step{answered("12"), saw("12")}, false, false},
		"seen before the answer":                 {[]step{saw("12"), answered("12")}, false, false},
		"a reconcile is due":                     {[]step{answered("12"), looked, saw("12")}, true, false},
		"it ended the run":                       {[]step{ended("12"), saw("12")}, true, false},
		"it ended the run, seen before":          {[]step{saw("12"), ended("12")}, true, false},
		"something older was seen":               {[]step{answered("12"), saw("9")}, false, true},
		"older, and one is due":                  {[]step{answered("12"), looked, saw("9")}, false, true},
		"older, and before the answer":           {[]step{saw("11"), answered("12")}, false, true},
		"something newer was seen":               {[]step{answered("12"), saw("100")}, true, false},
		"newer, and before the answer":           {[]step{saw("100"), answered("12")}, true, false},
		"refused":                                {[]step{failed}, false, false},
		"refused, for what was seen meanwhile":   {[]step{saw("12"), failed}, true, false},
		"nothing was changed":                    {[]step{answered("8")}, false, false},
		"the execution is gone":                  {[]step{answered("12"), gone}, false, false},
		"gone before the answer":                 {[]step{gone, answered("12")}, false, false},
		"a version that is no number":            {[]step{answered("x")}, false, false}, // its event is reconciled, as without a write
		"one is seen that is no number":          {[]step{answered("12"), saw("x")}, true, false},
		"another's write, when ours is seen":     {[]step{answered("12"), saw("12"), saw("13")}, true, false},
		"another's write, when ours was refused": {[]step{failed, saw("13")}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := &writing{}
			w.done = w.begin(version("8"))
			look := false
			for _, s := range c.steps {
				look = s(w)
			}
			if look != c.look {
				t.Errorf("it asks for a look: %t, want %t", look, c.look)
			}
			if got := w.unseen(key); got != c.unseen {
				t.Errorf("unseen is %t, want %t", got, c.unseen)
			}
		})
	}
}

func TestWithoutAWriteEachEventIsLookedAt(t *testing.T) {
	var w ownWrites
	if !w.seen(version("8")) || w.unseen(client.ObjectKeyFromObject(version("8"))) {
		t.Error("want a look")
	}
}
