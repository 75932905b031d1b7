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
	type step func(*ownWrites, func(client.Object))
	saw := func(v string) step { return func(w *ownWrites, _ func(client.Object)) { w.seen(version(v)) } }
	answered := func(v string) step { return func(_ *ownWrites, done func(client.Object)) { done(version(v)) } }
	failed := func(_ *ownWrites, done func(client.Object)) { done(nil) }
	gone := func(w *ownWrites, _ func(client.Object)) { w.forget(key) }
	for name, c := range map[string]struct {
		steps  []step
		unseen bool
	}{
		"being written":                 {nil, true},
		"written":                       {[]step{answered("12")}, true},
		"written and seen":              {[]step{answered("12"), saw("12")}, false},
		"seen before the answer":        {[]step{saw("12"), answered("12")}, false},
		"something older was seen":      {[]step{answered("12"), saw("9")}, true},
		"older, and before the answer":  {[]step{saw("11"), answered("12")}, true},
		"something newer was seen":      {[]step{answered("12"), saw("100")}, false},
		"refused":                       {[]step{failed}, false},
		"nothing was changed":           {[]step{answered("8")}, false},
		"the execution is gone":         {[]step{answered("12"), gone}, false},
		"gone before the answer":        {[]step{gone, answered("12")}, false},
		"a version that is no number":   {[]step{answered("x")}, false},
		"one is seen that is no number": {[]step{answered("12"), saw("x")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var w ownWrites
			done := w.begin(version("8"))
			for _, s := range c.steps {
				s(&w, done)
			}
			if got := w.unseen(key); got != c.unseen {
				t.Errorf("unseen is %t, want %t", got, c.unseen)
			}
		})
	}
}
