// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package fairqueue

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// request parses "namespace/name".
func request(s string) reconcile.Request {
	namespace, name, _ := strings.Cut(s, "/")
	return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: namespace, Name: name}}
}

// add adds a request that no worker has, as the work queue does.
func add(o *order, r reconcile.Request, priority int) {
	o.Want(r, priority)
	if o.items[r] != nil {
		o.Touch(r)
		return
	}
	o.Push(r)
}

func TestCase22OrderOfService(t *testing.T) {
	for name, c := range map[string]struct{ added, served string }{
		"one namespace: first come, first served":          {"a/1 a/2 a/3", "a/1 a/2 a/3"},
		"a quiet namespace beside a flood":                 {"a/1 a/2 a/3 a/4 b/1", "a/1 b/1 a/2 a/3 a/4"},
		"namespaces in turn":                               {"a/1 a/2 a/3 b/1 b/2 c/1", "a/1 b/1 c/1 a/2 b/2 a/3"},
		"higher priority first":                            {"a/1=-100 a/2 a/3=-100 a/4", "a/2 a/4 a/1 a/3"},
		"priorities of one do not delay another":           {"a/1=9 a/2=9 a/3=9 b/1=-100", "a/1 b/1 a/2 a/3"},
		"added twice, served once":                         {"a/1 a/2 a/1", "a/1 a/2"},
		"raised, behind others of that priority":           {"a/1=-100 a/2 a/1", "a/2 a/1"},
		"a lower priority later takes nothing away":        {"a/1 a/2 a/1=-100", "a/1 a/2"},
		"objects without a namespace are one of their own": {"a/1 a/2 /node", "a/1 /node a/2"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrder()
			for _, s := range strings.Fields(c.added) {
				s, p, _ := strings.Cut(s, "=")
				priority := 0
				if p != "" {
					if _, err := fmt.Sscan(p, &priority); err != nil {
						t.Fatal(err)
					}
				}
				add(o, request(s), priority)
			}
			var served []string
			for o.Len() > 0 {
				served = append(served, o.Pop().String())
			}
			if got := strings.Join(served, " "); got != c.served {
				t.Errorf("added %s, served %s, want %s", c.added, got, c.served)
			}
		})
	}
}

// A namespace with one request waits for at most one request of each other namespace, however many they have.
func TestCase22QuietNamespaceWaitsForOneOfEach(t *testing.T) {
	const others, flood = 20, 500
	o := newOrder()
	for i := range flood {
		for n := range others {
			add(o, request(fmt.Sprintf("loud-%d/%d", n, i)), n)
		}
	}
	for range flood { // some requests were served before
		o.Pop()
	}
	quiet := request("quiet/run")
	add(o, quiet, -100)
	for before := 0; o.Pop() != quiet; before++ {
		if before == others {
			t.Fatalf("more than %d requests were served before it", others)
		}
	}
}

// FuzzOrder adds and takes requests at random. Each byte is one step: the upper two bits choose the action, the others
// the request. The guarantees of order hold after each step.
func FuzzOrder(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 8, 192, 192, 192})
	f.Add([]byte{0, 1, 64, 192, 0, 129, 192, 9, 192, 17, 192, 192})
	f.Add([]byte("a flood of requests, and one of somebody else \xff\xc0\xfe\xc1\xc2"))
	random := rand.NewChaCha8([32]byte{22})
	for range 500 {
		steps := make([]byte, 400)
		_, _ = random.Read(steps)
		f.Add(steps)
	}
	f.Fuzz(func(t *testing.T, steps []byte) {
		o, m := newOrder(), model{}
		for _, step := range steps {
			if step>>6 < 3 {
				r, priority := request(fmt.Sprintf("%d/%d", step&7, step>>3&7)), int(step>>6)
				add(o, r, priority)
				m.add(r, priority)
			} else if len(m.waiting) > 0 {
				m.pop(t, o.Pop())
			}
			if o.Len() != len(m.waiting) {
				t.Fatalf("%d wait, want %d", o.Len(), len(m.waiting))
			}
		}
		for len(m.waiting) > 0 {
			m.pop(t, o.Pop())
		}
		if len(o.heaps)+len(o.ring)+len(o.wanted)+len(o.items) > 0 {
			t.Errorf("something is left: %+v", o)
		}
	})
}

// model has the waiting requests in order of arrival, and what was served.
type model struct {
	waiting []waiting
	// passed has, for each waiting namespace, the namespaces that were served since it began to wait or was last
	// served.
	passed map[string][]string
}

type waiting struct {
	request  reconcile.Request
	priority int
}

func (m *model) add(r reconcile.Request, priority int) {
	at := slices.IndexFunc(m.waiting, func(w waiting) bool { return w.request == r })
	if at >= 0 && m.waiting[at].priority >= priority {
		return
	}
	if at >= 0 {
		m.waiting = slices.Delete(m.waiting, at, at+1)
	}
	m.waiting = append(m.waiting, waiting{r, priority})
}

func (m *model) pop(t *testing.T, got reconcile.Request) {
	t.Helper()
	at := slices.IndexFunc(m.waiting, func(w waiting) bool { return w.request == got })
	if at < 0 {
		t.Fatalf("%s was served and did not wait", got)
	}
	for i, w := range m.waiting {
		if w.request.Namespace == got.Namespace && (w.priority > m.waiting[at].priority || (w.priority == m.waiting[at].priority && i < at)) {
			t.Fatalf("%s was served before %s", got, w.request)
		}
	}
	m.waiting = slices.Delete(m.waiting, at, at+1)
	if m.passed == nil {
		m.passed = map[string][]string{}
	}
	delete(m.passed, got.Namespace)
	others := map[string]bool{}
	for _, w := range m.waiting {
		if w.request.Namespace != got.Namespace {
			others[w.request.Namespace] = true
		}
	}
	for other := range others {
		if slices.Contains(m.passed[other], got.Namespace) {
			t.Fatalf("%s was served twice while %s waited", got.Namespace, other)
		}
		m.passed[other] = append(m.passed[other], got.Namespace)
	}
}
