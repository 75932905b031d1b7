// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/archivedruns"
	"github.com/taskexec/taskexec/apiserver/limit"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/replay"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// Reader has the sources of logs and the limits for reading them.
type Reader struct {
	// Archive is nil if there is none.
	Archive *archive.Reader
	source  source.Source
	// Places has a value for each log that is being read. Reading limits the share of one caller.
	Places  chan struct{}
	Reading *limit.Places
	*web.Streams
	// Silence and Wait are intervals of streams that follow a log.
	Silence time.Duration
	Wait    wait.Backoff
	// ArchivePatience is how long to wait for the archive's index.
	ArchivePatience time.Duration
}

// NewReader returns a Reader that reads at most the given number of logs at once. archives is nil if there is no
// archive.
func NewReader(archives *archive.Reader, live source.Source, most int) *Reader {
	return &Reader{
		Archive: archives, source: live, Places: make(chan struct{}, most), Reading: limit.NewPlaces(most), Streams: web.NewStreams(),
		Silence: replay.DefaultSilence, Wait: replay.DefaultWait(), ArchivePatience: archivePatience,
	}
}

// Get answers with the log of an execution: a page of entries, text, or a stream that follows the log.
func (h *Handlers) Get(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	q, err := logQueryOf(r, time.Now())
	if err != nil {
		return err
	}
	leave, err := h.place(in)
	if err != nil {
		return err
	}
	defer leave()
	log := &servedLog{Handlers: h, in: in, query: q, id: web.PathValue(r, "executionId")}
	if err := log.look(r.Context()); err != nil {
		return err
	}
	if log.hidden && (q.follow || q.raw) {
		return rawLog.Refuse(in.Who.Name(), in.Namespace, log.id)
	}
	switch {
	case q.follow && q.ended && log.final && !q.raw:
		w.WriteHeader(http.StatusNoContent) // an EventSource then does not reconnect
		return nil
	case q.raw:
		return log.text(w, r)
	case q.follow:
		return log.events(w, r)
	default:
		return log.page(w, r)
	}
}

// place takes a place among those that read logs. The error is the answer to the request.
func (h *Handlers) place(in *access.Scope) (leave func(), err error) {
	return web.LastingPlace(h.Logs.Places, h.Logs.Reading, in.Who.Name(),
		fmt.Sprintf("%d logs are being read by %q, the most for one caller (a share of --max-log-readers)", limit.Share(cap(h.Logs.Places)), in.Who.Name()),
		fmt.Sprintf("%d logs are being read already (--max-log-readers)", cap(h.Logs.Places)))
}

// Store reads the execution of a log and its pods.
type Store interface {
	web.TailReader
	// Pods returns the pods of an execution that still exist, in no order.
	Pods(ctx context.Context, execution *v1alpha1.TaskExecution) ([]corev1.Pod, error)
}

// Handlers serves the logs of executions.
type Handlers struct {
	Stores func(namespace string) Store
	Logs   *Reader
	// Past has the archived runs, nil if there is no archive.
	Past *archivedruns.Archive
	// Timeout bounds a request that does not follow a log.
	Timeout time.Duration
}

// servedLog serves the log of one execution to one client.
type servedLog struct {
	*Handlers
	in    *access.Scope
	id    string
	query logQuery

	execution *v1alpha1.TaskExecution
	// past says that Kubernetes no longer has the run, and this is its record in the archive. Nothing of it changes.
	past   bool
	replay *replay.Replay
	// final says that the log will not grow.
	final bool
	// fresh says that look found a state that has not been read yet.
	fresh bool
	uid   types.UID
	// reading reads the log, nil before it begins.
	reading *replay.Log
	// away says why the archive is not read, nil if it is. Without the archive, the log comes from pods or from the
	// tail in the status.
	away *bucket.Error
	// left says that the archive is not tried again for this answer.
	left bool
	// redacted says that the Task wants a log without the values of sensitive params. A pod's log may have them.
	redacted bool
	// hidden says that the caller may read only redacted logs, and this log is not redacted.
	hidden bool
	// missed says that the facade read fewer lines than the controller.
	missed bool
}

// errEnough ends a read that has all its lines.
var errEnough = errors.New("enough")

// log returns a reader that begins where the query says.
func (l *servedLog) log() *replay.Log {
	l.reading = &replay.Log{Position: l.query.from, Silence: l.Logs.Silence, Wait: l.Logs.Wait, Look: l.current}
	return l.reading
}

// current is a replay.Look.
func (l *servedLog) current(ctx context.Context) (*replay.Replay, bool, error) {
	if !l.fresh {
		if err := l.look(ctx); err != nil {
			return nil, false, err
		}
	}
	l.fresh = false
	return l.replay, l.final, nil
}

// read visits the lines that the query asks for. With follow it continues as the log grows.
func (l *servedLog) read(ctx context.Context, log *replay.Log, visit func(replay.Line) error) error {
	if l.onlyTail() {
		return nil
	}
	if l.query.tail > 0 {
		if err := log.Tail(ctx, l.query.tail, l.counts()); err != nil {
			return err
		}
	}
	if l.query.follow {
		return log.Follow(ctx, visit)
	}
	_, err := log.Read(ctx, visit)
	if errors.Is(err, replay.ErrGrowing) {
		return nil
	}
	return err
}

// counts returns the filter for the lines that a tail counts.
func (l *servedLog) counts() func(replay.Line) bool {
	if l.query.level == "" {
		return nil
	}
	return func(line replay.Line) bool { return l.query.atLeast(levelOf(line)) }
}

// look finds out where the log can be read now. If only the tail can be shown, it reads the tail.
func (l *servedLog) look(ctx context.Context) error {
	for range deletions {
		if err := l.find(ctx); err != nil || !l.onlyTail() && !l.tailSoFar() {
			return err
		}
		whole, err := l.Stores(l.in.Namespace).Whole(ctx, l.execution)
		if err != nil {
			return err
		}
		if whole != nil {
			l.execution = whole
			return nil
		}
	}
	return web.NoExecution(l.id)
}

// deletions is how often a run is looked for that is deleted while its tail is read.
const deletions = 3

// find finds out where the log can be read now.
func (l *servedLog) find(ctx context.Context) (err error) {
	execution, record, err := l.Past.Find(ctx, l.Stores(l.in.Namespace), l.in.Namespace, l.id)
	if err != nil {
		return err
	}
	if l.uid != "" && l.uid != execution.UID { // another execution of that name
		return web.NoExecution(l.id)
	}
	l.fresh, l.uid, l.execution, l.past = true, execution.UID, execution, record != nil
	captured := l.captured()
	l.final = l.past || execution.Status.Phase.IsTerminal() && captured != nil && captured.Status != metav1.ConditionUnknown
	l.replay = &replay.Replay{Archive: l.Logs.Archive, Source: l.Logs.source, Since: l.query.since}
	if err := l.lookIntoArchive(ctx); err != nil {
		return err
	}
	l.redacted = l.replay.Index != nil && l.replay.Index.Redacted
	if l.hidden, err = l.mustHide(ctx); l.hidden || err != nil {
		l.redacted, l.replay.Index = true, nil
		return err
	}
	if ix := l.replay.Index; ix != nil && ix.Ended {
		l.replay.Segments = replay.Segments(ix, nil, l.query.selection)
		return nil
	}
	var pods []corev1.Pod
	if !l.past {
		if pods, err = l.Stores(l.in.Namespace).Pods(ctx, l.execution); err != nil {
			return err
		}
	}
	if l.redacted = l.redacted || slices.ContainsFunc(pods, keepsRedacted); l.redacted {
		pods = nil // the facade does not know the sensitive values and cannot remove them
	}
	l.replay.Segments = replay.Segments(l.replay.Index, pods, l.query.selection)
	return l.reachable()
}

// rawLog is the right to read logs that may have the values of sensitive params.
var rawLog = access.RightTo("get", "taskexecutions/rawlogs", access.ByExecution)

// mustHide reports whether a log may have the values of sensitive params and the caller may not read those. Such a
// caller gets the tail in the status, from which the controller has removed the values. mustHide is also called while a
// log is followed.
func (l *servedLog) mustHide(ctx context.Context) (bool, error) {
	if l.redacted || l.execution.Spec.SecretParams == nil {
		return false, nil
	}
	may, err := l.in.May(ctx, rawLog, l.id)
	return !may && err == nil, err
}

func (l *servedLog) captured() *metav1.Condition {
	return apimeta.FindStatusCondition(l.execution.Status.Conditions, v1alpha1.ConditionLogsCaptured)
}

// tailSoFar reports whether only the tail can be shown while the run is active: the pods' log is hidden and there is no
// archive.
func (l *servedLog) tailSoFar() bool {
	return l.redacted && l.replay.Index == nil && l.query.selection == (replay.Selection{}) && !l.query.follow
}

// onlyTail reports whether only the tail in the status is left of the log.
func (l *servedLog) onlyTail() bool {
	return l.final && len(l.replay.Segments) == 0 && l.replay.Index == nil &&
		l.query.selection == (replay.Selection{}) && l.execution.Status.LogSummary != nil
}

// logProblem returns the answer to an error of reading a log.
func logProblem(err error) error {
	if errors.Is(err, replay.ErrGone) {
		return web.Problemf(http.StatusGone, "the part of the log at the cursor is gone; read the log from the beginning")
	}
	if errors.Is(err, replay.ErrCut) {
		return web.Unavailable(fmt.Sprintf("the log could not be read to its end: %v", replay.ErrCut))
	}
	return err
}
