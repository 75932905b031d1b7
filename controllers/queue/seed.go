package queue

import "k8s.io/apimachinery/pkg/types"

// NeedsSeed tells whether a turn under these rules takes a Seed that was not given yet.
func (l *Ledger) NeedsSeed(r Rules) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.seeded && l.limited(r)
}

// Found is a Job or a pod of an execution, as its labels tell.
type Found struct {
	Key  types.NamespacedName
	UID  types.UID
	Task string // the value of LabelTask
}

// Knows tells whether an execution is in the ledger.
func (l *Ledger) Knows(uid types.UID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.entries[uid] != nil
}

// Seed tells what was active before this process: every Job that exists of an execution that the ledger knows,
// and what may go on of executions that have ended or are gone. The latter are returned to be looked at, with
// those whose turn came.
func (l *Ledger) Seed(found []Found) (woken []types.NamespacedName) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range found {
		x := l.entries[f.UID]
		if x == nil {
			x = l.add(f.Key, f.UID, f.Task)
			x.state = leaving // it was never in the queue
			l.keep(x)
			woken = append(woken, f.Key)
		}
		l.activate(x)
	}
	l.seeded = true
	for _, ln := range l.lines {
		woken = append(woken, l.grant(ln)...)
	}
	return woken
}
