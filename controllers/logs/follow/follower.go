// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"context"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"

	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/budget"
	"github.com/taskexec/taskexec/controllers/logs/follow/machine"
	"github.com/taskexec/taskexec/controllers/logs/redact"
	"github.com/taskexec/taskexec/controllers/logs/source"
	"github.com/taskexec/taskexec/controllers/logs/tail"
	"github.com/taskexec/taskexec/controllers/logs/turns"
)

// Options are the options of a Follower.
type Options struct {
	Source source.Source
	// Turns bounds how many logs are read at once. The API server exempts log requests from its flow control, so this
	// is the only bound on them.
	Turns *turns.Turns
	Flush FlushOptions
	// Patience is how long after the end of a run to wait for its log.
	Patience time.Duration
	// FileSize is the size in bytes from which on a kubelet may rotate a log: the smallest containerLogMaxSize of all
	// nodes.
	FileSize int64
	// Archive receives the raw logs. Nil means no archive.
	Archive *archive.Writer
	// ArchiveDeadline is how long after the end of a run its log may take to be archived.
	ArchiveDeadline time.Duration
	// Reconnect is the backoff between two attempts to read a log.
	Reconnect wait.Backoff
	// Notify requests a reconcile of an execution, because a flush is due or its log is read to the end. It must not
	// block.
	Notify func(types.NamespacedName)
	Clock  clock.WithDelayedExecution
	// Log receives decisions about a log at V(1) and steps at V(2), never a line's content. The zero Logger drops them.
	Log logr.Logger
	// Registry registers the metrics. Nil means that they are not registered.
	Registry prometheus.Registerer
}

// Follower reads the logs of all executions that run. Its methods may be called from several goroutines.
type Follower struct {
	Options
	budget  *budget.Budget
	metrics *metrics
	stop    context.Context //nolint:containedctx // the life of the Follower, which outlives each call to it
	end     context.CancelFunc
	// starting is held while a goroutine is added to wg: a WaitGroup must not grow from zero while Wait is called.
	starting sync.Mutex
	wg       sync.WaitGroup

	mu   sync.Mutex
	runs map[types.NamespacedName]*run
}

// New returns a Follower. Stop ends it.
func New(o Options) *Follower {
	ctx, cancel := context.WithCancel(context.Background())
	f := &Follower{Options: o, budget: budget.New(o.Flush.BytesPerSecond, o.Clock), stop: ctx, end: cancel, runs: map[types.NamespacedName]*run{}}
	f.metrics = newMetrics(f, o.Registry)
	return f
}

// Stop ends all streams and waits for them.
func (f *Follower) Stop() {
	f.starting.Lock()
	f.end()
	f.starting.Unlock()
	f.wg.Wait()
}

// start runs work in a goroutine that Stop waits for. After Stop it does nothing, because a reconcile may still be
// running.
func (f *Follower) start(work func()) {
	f.starting.Lock()
	defer f.starting.Unlock()
	if f.stop.Err() == nil {
		f.wg.Go(work)
	}
}

// Subject is an execution whose log should be read.
type Subject struct {
	Key types.NamespacedName
	UID types.UID
	// MaxEntries and MaxBytes bound its tail.
	MaxEntries int
	MaxBytes   int64
	// Pods are the existing pods. The containers of other pods have ended.
	Pods []types.UID
	// Runs are the container runs whose logs are read, in the order in which they started. A run has ended if there is
	// a later run of its container.
	Runs []source.ContainerRun
	// Fresh means that nothing was ever recorded of the execution, so none of its log was read before.
	Fresh bool
	// Recorded are the pods whose start the execution's status has. At the first Sync, an earlier controller has read
	// their logs from the beginning.
	Recorded []types.UID
	// Redacted means that the log is archived without the values that Redact knows. If Redact is nil, the values are
	// unknown, and nothing is archived.
	Redacted bool
	Redact   *redact.Redactor
	// Closing means that the execution has ended, whatever its containers do. From then on Patience counts.
	Closing bool
}

// Sync starts to read what is not being read yet, and returns the state of the log.
func (f *Follower) Sync(s Subject) lifecycle.LogState {
	f.mu.Lock()
	r, ok := f.runs[s.Key]
	if ok && r.uid != s.UID {
		r.close() // another execution had the name
		ok = false
	}
	if !ok {
		r = &run{
			follower: f,
			key:      s.Key,
			uid:      s.UID,
			log:      f.Log.WithValues("execution", s.Key),
			fresh:    s.Fresh,
			recorded: s.Recorded,
			tail:     tail.New(s.MaxEntries, s.MaxBytes),
			streams:  map[archive.StreamID]*tracked{},
			flushes:  machine.NewFlushes(f.Flush.Interval, f.Flush.MaxInterval),
		}
		f.runs[s.Key] = r
	}
	f.mu.Unlock()
	return r.sync(s)
}

// Flushed records that the tail of a Sync with that many lines was written, in a status of that many bytes.
func (f *Follower) Flushed(key types.NamespacedName, lines, size int64) {
	if r := f.run(key); r != nil {
		r.flushed(lines, size)
	}
}

// TooLarge records that the API server refused the tail for its size. The tail is smaller from then on.
func (f *Follower) TooLarge(key types.NamespacedName) {
	if r := f.run(key); r != nil {
		r.tooLarge()
	}
}

// Release stops reading for an execution whose log is final. Its archive stays.
func (f *Follower) Release(key types.NamespacedName) {
	if r := f.take(key); r != nil {
		r.release()
	}
}

// Forget stops reading for a deleted execution and drops its state.
func (f *Follower) Forget(key types.NamespacedName) {
	if r := f.take(key); r != nil {
		r.close()
	}
}

func (f *Follower) run(key types.NamespacedName) *run {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.runs[key]
}

func (f *Follower) take(key types.NamespacedName) *run {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.runs[key]
	delete(f.runs, key)
	return r
}

// Streams returns how many container logs are being read or wait for their turn.
func (f *Follower) Streams() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.runs {
		n += r.open()
	}
	return n
}
