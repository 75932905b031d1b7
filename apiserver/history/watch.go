package history

import "sync"

// topic is what is watched: a namespace, a task in it, or an execution in it.
type topic struct{ namespace, task, name string }

// watches are told that they should look again.
type watches struct {
	mu sync.Mutex
	of map[topic]map[*Watch]struct{}
}

// Watch is one who waits for changes.
type Watch struct {
	// C has a value when something changed since the last was taken, however often.
	C     <-chan struct{}
	c     chan struct{}
	topic topic
	among *watches
}

// Watch begins to watch a task, an execution, or with both empty the namespace. Whoever looks after that and then
// waits for C misses nothing.
func (n Namespace) Watch(task, name string) *Watch {
	c := make(chan struct{}, 1)
	w := &Watch{C: c, c: c, topic: topic{n.name, task, name}, among: &n.index.watches}
	w.among.mu.Lock()
	defer w.among.mu.Unlock()
	if w.among.of[w.topic] == nil {
		w.among.of[w.topic] = map[*Watch]struct{}{}
	}
	w.among.of[w.topic][w] = struct{}{}
	return w
}

// Stop watching.
func (w *Watch) Stop() {
	w.among.mu.Lock()
	defer w.among.mu.Unlock()
	delete(w.among.of[w.topic], w)
	if len(w.among.of[w.topic]) == 0 {
		delete(w.among.of, w.topic)
	}
}

// signal never waits: one that was told and has not looked yet is told enough.
func (ws *watches) signal(namespace, task, name string) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for _, t := range []topic{{namespace, "", ""}, {namespace, task, ""}, {namespace, "", name}} {
		for w := range ws.of[t] {
			select {
			case w.c <- struct{}{}:
			default:
			}
		}
	}
}
