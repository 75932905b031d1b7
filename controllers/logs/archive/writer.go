// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"gocloud.dev/blob"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"

	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/logs/turns"
)

// WriterOptions are the options of a Writer.
type WriterOptions struct {
	Bucket *blob.Bucket
	// Cluster is written into each index (see Index). Empty means unknown.
	Cluster string
	// SpoolDir holds what is not in the bucket yet, at most SpoolBytes. One namespace may use at most four fifths of
	// what the others leave. No other process uses the folder.
	SpoolDir   string
	SpoolBytes int64
	// A part is closed when it has PartBytes or is PartAge old. While the bucket fails, only the size counts.
	PartBytes int64
	PartAge   time.Duration
	// Uploads is how many requests are made to the bucket at once. The namespaces take turns, and one namespace alone
	// never uses all slots.
	Uploads int
	// StopTimeout is how long the Writer keeps uploading after Run's ctx has ended.
	StopTimeout time.Duration
	// Retry is the backoff between two attempts to upload.
	Retry wait.Backoff
	// Notify is called when all of an execution's log is archived or given up. It must not block.
	Notify   func(types.NamespacedName)
	Clock    clock.WithDelayedExecution
	Log      logr.Logger
	Registry prometheus.Registerer
}

// These are the defaults of WriterOptions.
const (
	defaultUploads     = 5
	defaultStopTimeout = 20 * time.Second
)

// DefaultRetry returns the backoff between two attempts to upload.
func DefaultRetry() wait.Backoff {
	return wait.Backoff{Duration: 200 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 9, Cap: 30 * time.Second}
}

// Writer archives the logs of executions.
type Writer struct {
	WriterOptions
	reader  *Reader
	metrics *metrics
	// uploads has a slot for each upload.
	uploads *turns.Turns
	spooled *spooled
	files   atomic.Int64
	// diskAgain is when a failed disk is used again, in nanoseconds of Unix time.
	diskAgain atomic.Int64
	// life ends when uploads must end.
	life context.Context //nolint:containedctx // the life of the Writer, which outlives each call to it
	die  context.CancelFunc
	wg   sync.WaitGroup

	mu      sync.Mutex
	logs    map[*Log]struct{}
	stopped bool
}

// NewWriter returns a Writer. It clears the spool of an earlier process: lines that were not archived are read again
// from the nodes.
func NewWriter(o WriterOptions) (*Writer, error) {
	if o.Uploads == 0 {
		o.Uploads = defaultUploads
	}
	if o.StopTimeout == 0 {
		o.StopTimeout = defaultStopTimeout
	}
	if o.Retry.Duration == 0 {
		o.Retry = DefaultRetry()
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.Notify == nil {
		o.Notify = func(types.NamespacedName) {}
	}
	if err := clearSpool(o.SpoolDir); err != nil {
		return nil, fmt.Errorf("preparing the spool of the archive: %w", err)
	}
	w := &Writer{WriterOptions: o, reader: &Reader{bucket.New(o.Bucket, o.Log), readPatience}, uploads: turns.New(turns.Limits{Total: o.Uploads}, o.Clock), spooled: newSpooled(o.SpoolBytes), logs: map[*Log]struct{}{}}
	w.life, w.die = context.WithCancel(context.Background())
	w.metrics = newMetrics(w, o.Registry)
	return w, nil
}

// Run returns when ctx has ended and all lines read by then are archived, or when StopTimeout is over.
func (w *Writer) Run(ctx context.Context) error {
	<-ctx.Done()
	w.mu.Lock()
	w.stopped = true
	for l := range w.logs {
		l.stop()
	}
	w.mu.Unlock()
	timer := w.Clock.AfterFunc(w.StopTimeout, w.die)
	w.wg.Wait()
	timer.Stop()
	w.die()
	return nil
}

// Reader returns a Reader of what the Writer writes.
func (w *Writer) Reader() *Reader { return w.reader }

// Begin returns the archive of an execution's log. fresh means that nothing of it was archived before. Otherwise the
// bucket is read in the background.
func (w *Writer) Begin(e Execution, fresh bool) *Log {
	l := &Log{
		w:       w,
		index:   Index{Version: indexVersion, Cluster: w.Cluster, Execution: e},
		streams: map[StreamID]*StreamWriter{},
		loaded:  make(chan struct{}),
		kick:    make(chan struct{}, 1),
	}
	l.life, l.die = context.WithCancel(w.life)
	if fresh {
		close(l.loaded)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped { // nobody would wait for it
		l.closed = true
		l.die()
		return l
	}
	w.logs[l] = struct{}{}
	w.wg.Go(func() {
		defer l.die() // otherwise its context would live as long as the Writer
		l.work(fresh)
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.logs, l)
	})
	return l
}

// KeepChecking checks the Writer's store until a check passes or ctx ends. It reports the outcome in the log and in the
// metric taskexec_archive_usable.
func (w *Writer) KeepChecking(ctx context.Context) {
	bucket.KeepChecking(ctx, w.reader.Check, func(err error) {
		if err != nil {
			w.Log.Error(err, "The archive's store failed its check. Runs go on; their logs wait in the spool until --archive-deadline")
			return
		}
		w.metrics.usable.Set(1)
		w.Log.Info("The archive's store passed its check: read, write if absent, delete")
	})
}
