// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runindex

import "sync"

// topic is the object of a watch: a namespace, or a task or an execution in it.
type topic struct{ namespace, task, name string }

// watches are all watches by topic.
type watches struct {
	mu sync.Mutex
	of map[topic]map[*Watch]struct{}
}

// Watch signals changes.
type Watch struct {
	// C has a value if something changed since the last receive. Several changes give one value.
	C     <-chan struct{}
	c     chan struct{}
	topic topic
	among *watches
}

// Watch watches a task, an execution, or, if both are empty, the namespace. A caller that reads after Watch and then
// waits for C misses nothing. It must call Stop.
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

// signal wakes the watches of an execution, its task and its namespace. It never blocks: a watch with an unread signal
// needs no second one.
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
