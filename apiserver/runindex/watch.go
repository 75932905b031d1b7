// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runindex

import "sync"

// topic is what is watched: a namespace, or a task or an execution in it.
type topic struct{ namespace, task, name string }

// watches are all watches by topic.
type watches struct {
	mu sync.Mutex
	of map[topic]map[*Watch]struct{}
}

// Watch waits for changes.
type Watch struct {
	// C has a value if something changed since the last value was received. Several changes are one value.
	C     <-chan struct{}
	c     chan struct{}
	topic topic
	among *watches
}

// Watch watches a task, an execution, or if both are empty the namespace. A caller that reads after that and then waits
// for C misses nothing. It must call Stop.
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

// Stop ends the watch.
func (w *Watch) Stop() {
	w.among.mu.Lock()
	defer w.among.mu.Unlock()
	delete(w.among.of[w.topic], w)
	if len(w.among.of[w.topic]) == 0 {
		delete(w.among.of, w.topic)
	}
}

// signal wakes the watches of an execution, its task and its namespace. It never blocks: a watch that was signalled and has
// not read yet needs no second signal.
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
