package follow

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/logs/parse"
	"github.com/taskexec/taskexec/controllers/logs/tail"
)

// Options of a Follower.
type Options struct {
	Source Source
	// MaxStreams is how many logs are read at once; the rest take turns. The API server exempts log requests
	// from its flow control, so that this is the only bound on them.
	MaxStreams int
	// FlushInterval is the time between two writes of one execution's tail while it runs.
	FlushInterval time.Duration
	// Patience is how long after the end of a run its log is still waited for.
	Patience time.Duration
	// Reconnect is the wait between two tries to read a log.
	Reconnect wait.Backoff
	// Notify is called when an execution should be looked at: a flush is due, or its log is read to the end.
	// It must not block.
	Notify func(types.NamespacedName)
	Clock  clock.WithDelayedExecution
}

// Follower reads the logs of all executions that run. Its methods may be called from several goroutines.
type Follower struct {
	Options
	slots chan struct{}
	stop  context.Context //nolint:containedctx // the life of the Follower, which outlives each call to it
	end   context.CancelFunc
	wg    sync.WaitGroup

	mu   sync.Mutex
	runs map[types.NamespacedName]*run
}

// New makes a Follower. Stop ends it.
func New(o Options) *Follower {
	ctx, cancel := context.WithCancel(context.Background())
	return &Follower{
		Options: o,
		slots:   make(chan struct{}, o.MaxStreams),
		stop:    ctx,
		end:     cancel,
		runs:    map[types.NamespacedName]*run{},
	}
}

// Stop ends all streams and waits for them.
func (f *Follower) Stop() {
	f.end()
	f.wg.Wait()
}

// Subject is an execution whose log is to be read.
type Subject struct {
	Key types.NamespacedName
	UID types.UID
	// MaxEntries and MaxBytes bound its tail.
	MaxEntries int
	MaxBytes   int64
	// Runs of the container whose log is read, oldest first. One that was there before and is no longer
	// counts as ended.
	Runs []ContainerRun
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
			tail:     tail.New(s.MaxEntries, s.MaxBytes),
			streams:  map[streamKey]*tracked{},
		}
		f.runs[s.Key] = r
	}
	f.mu.Unlock()
	return r.sync(s)
}

// Flushed says that the tail, as Sync gave it with that many lines, was written.
func (f *Follower) Flushed(key types.NamespacedName, lines int64) {
	f.mu.Lock()
	r := f.runs[key]
	f.mu.Unlock()
	if r != nil {
		r.flushed(lines)
	}
}

// Forget ends the reading for an execution and drops what is known of it.
func (f *Follower) Forget(key types.NamespacedName) {
	f.mu.Lock()
	r := f.runs[key]
	delete(f.runs, key)
	f.mu.Unlock()
	if r != nil {
		r.close()
	}
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

func entryOf(line rawLine) v1alpha1.LogEntry {
	newline := int64(0)
	if line.whole {
		newline = 1
	}
	return parse.Line(line.at, line.kept, max(0, line.length-newline-int64(len(line.kept))))
}
