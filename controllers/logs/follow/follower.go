package follow

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"

	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/budget"
	"github.com/taskexec/taskexec/controllers/logs/redact"
	"github.com/taskexec/taskexec/controllers/logs/source"
	"github.com/taskexec/taskexec/controllers/logs/tail"
	"github.com/taskexec/taskexec/controllers/logs/turns"
)

// Options of a Follower.
type Options struct {
	Source source.Source
	// Turns bound how many logs are read at once; the rest take turns. The API server exempts log requests from
	// its flow control, so that this is the only bound on them.
	Turns *turns.Turns
	Flush FlushOptions
	// Patience is how long after the end of a run its log is still waited for.
	Patience time.Duration
	// FileSize is from how many bytes on a kubelet may rotate a log, the smallest of all nodes.
	FileSize int64
	// Archive takes the raw logs; nil means that there is none.
	Archive *archive.Writer
	// ArchiveDeadline is how long after the end of a run its log may take to be archived.
	ArchiveDeadline time.Duration
	// Reconnect is the wait between two tries to read a log.
	Reconnect wait.Backoff
	// Notify is called when an execution should be looked at: a flush is due, or its log is read to the end.
	// It must not block.
	Notify func(types.NamespacedName)
	Clock  clock.WithDelayedExecution
	// Registry takes the metrics; nil means nobody.
	Registry prometheus.Registerer
}

// Follower reads the logs of all executions that run. Its methods may be called from several goroutines.
type Follower struct {
	Options
	budget  *budget.Budget
	metrics *metrics
	stop    context.Context //nolint:containedctx // the life of the Follower, which outlives each call to it
	end     context.CancelFunc
	// starting is held where a goroutine is added to wg, which may not grow from zero while it is waited for.
	starting sync.Mutex
	wg       sync.WaitGroup

	mu   sync.Mutex
	runs map[types.NamespacedName]*run
}

// New makes a Follower. Stop ends it.
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

// start runs work in a goroutine that Stop waits for. After Stop it does nothing: a look at an execution that was
// under way may come that late.
func (f *Follower) start(work func()) {
	f.starting.Lock()
	defer f.starting.Unlock()
	if f.stop.Err() == nil {
		f.wg.Go(work)
	}
}

// Subject is an execution whose log is to be read.
type Subject struct {
	Key types.NamespacedName
	UID types.UID
	// MaxEntries and MaxBytes bound its tail.
	MaxEntries int
	MaxBytes   int64
	// Pods that are there. The containers of one that was there before and is no longer have ended.
	Pods []types.UID
	// Runs of containers whose logs are read, in the order in which they started. One that a later run of its
	// container has taken the place of has ended.
	Runs []source.ContainerRun
	// Fresh: nothing was ever recorded of the execution, so that no log of it was read before.
	Fresh bool
	// Redacted: its log is archived without the values that Redact knows. Where that is nil, the values are not known,
	// and nothing may be archived.
	Redacted bool
	Redact   *redact.Redactor
	// Closing: the execution has ended, whatever its containers do. From here on the log is waited for with
	// Patience.
	Closing bool
}

// Sync starts reading what is not read yet, and tells how far the reading is.
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
			fresh:    s.Fresh,
			tail:     tail.New(s.MaxEntries, s.MaxBytes),
			streams:  map[archive.StreamID]*tracked{},
			flushes:  flushes{interval: f.Flush.Interval},
		}
		f.runs[s.Key] = r
	}
	f.mu.Unlock()
	return r.sync(s)
}

// Flushed says that the tail, as Sync gave it with that many lines, was written in a status of that many bytes.
func (f *Follower) Flushed(key types.NamespacedName, lines, size int64) {
	if r := f.run(key); r != nil {
		r.flushed(lines, size)
	}
}

// TooLarge says that the API server refused the tail for its size: it is smaller from here on.
func (f *Follower) TooLarge(key types.NamespacedName) {
	if r := f.run(key); r != nil {
		r.tooLarge()
	}
}

// Release ends the reading for an execution whose log is final. What is archived of it stays.
func (f *Follower) Release(key types.NamespacedName) {
	if r := f.take(key); r != nil {
		r.release()
	}
}

// Forget ends the reading for an execution that is gone, and drops what is known of it.
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

// Streams is how many container logs are being read or wait for their turn.
func (f *Follower) Streams() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.runs {
		n += r.open()
	}
	return n
}
