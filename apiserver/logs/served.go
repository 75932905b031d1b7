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
	"github.com/taskexec/taskexec/apiserver/limit"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/replay"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// Reader is what the facade reads logs from.
type Reader struct {
	// Archive is nil when there is none.
	Archive *archive.Reader
	source  source.Source
	// Places has one for each log that is being read; reading has the shares of them.
	Places  chan struct{}
	Reading *limit.Places
	*web.Streams
	// Silence and wait are those of streams that follow a log.
	Silence time.Duration
	Wait    wait.Backoff
	// ArchivePatience is how long the archive may take to say what it has.
	ArchivePatience time.Duration
}

func NewReader(archives *archive.Reader, live source.Source, most int) *Reader {
	return &Reader{
		Archive: archives, source: live, Places: make(chan struct{}, most), Reading: limit.NewPlaces(most), Streams: web.NewStreams(),
		Silence: replay.DefaultSilence, Wait: replay.DefaultWait(), ArchivePatience: archivePatience,
	}
}

// Get answers with an execution's log: a page of entries, the raw text, or a stream that follows it.
func (h *Handlers) Get(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	q, err := logQueryOf(r, time.Now())
	if err != nil {
		return err
	}
	leave, err := web.LastingPlace(h.Logs.Places, h.Logs.Reading, in.Who.Name(),
		fmt.Sprintf("%d logs are being read by %q already, as many as one caller may read at once (a share of --max-log-readers)", limit.Share(cap(h.Logs.Places)), in.Who.Name()),
		fmt.Sprintf("%d logs are being read already (--max-log-readers)", cap(h.Logs.Places)))
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
		w.WriteHeader(http.StatusNoContent) // by which an EventSource knows that it need not come again
		return nil
	case q.raw:
		return log.text(w, r)
	case q.follow:
		return log.events(w, r)
	default:
		return log.page(w, r)
	}
}

// Store reads what a log belongs to.
type Store interface {
	web.ExecutionReader
	// Pods returns the pods of an execution that still exist, in no order.
	Pods(ctx context.Context, execution *v1alpha1.TaskExecution) ([]corev1.Pod, error)
}

// Handlers serves the logs of executions.
type Handlers struct {
	Stores func(namespace string) Store
	Logs   *Reader
	// Timeout of a request that does not follow a log.
	Timeout time.Duration
}

// servedLog is one execution's log on its way to one client.
type servedLog struct {
	*Handlers
	in    *access.Scope
	id    string
	query logQuery

	execution *v1alpha1.TaskExecution
	replay    *replay.Replay
	// final: nothing will be added to what can be read now.
	final bool
	// fresh: nobody has read yet what the last look found.
	fresh bool
	uid   types.UID
	// reading is what reads it, nil before.
	reading *replay.Log
	// away is why the archive is not read, nil while it is; without it, the log is that of pods, or the tail in status.
	away *archive.Error
	// left: the archive is not asked again for this answer.
	left bool
	// redacted: the Task asked for a log without the values of sensitive params, which a pod's log has.
	redacted bool
	// hidden: the caller may read only what is redacted, and this log is not.
	hidden bool
	// missed: fewer lines were read than the controller had read.
	missed bool
}

// errEnough ends a reading that has what it was to have.
var errEnough = errors.New("enough")

// log reads it from where the query says.
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

// read visits what the query asks for, and goes on as the log grows if it says so.
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

// counts tells which lines count for a tail.
func (l *servedLog) counts() func(replay.Line) bool {
	if l.query.level == "" {
		return nil
	}
	return func(line replay.Line) bool { return l.query.atLeast(levelOf(line)) }
}

// look finds out where the log is now.
func (l *servedLog) look(ctx context.Context) (err error) {
	if l.execution, err = l.Stores(l.in.Namespace).Execution(ctx, l.id); err != nil {
		return err
	}
	if l.execution == nil || (l.uid != "" && l.uid != l.execution.UID) { // or another one of that name
		return web.NoExecution(l.id)
	}
	l.fresh, l.uid = true, l.execution.UID
	captured := l.captured()
	l.final = l.execution.Status.Phase.IsTerminal() && captured != nil && captured.Status != metav1.ConditionUnknown
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
	pods, err := l.Stores(l.in.Namespace).Pods(ctx, l.execution)
	if err != nil {
		return err
	}
	if l.redacted = l.redacted || slices.ContainsFunc(pods, keepsRedacted); l.redacted {
		pods = nil // the facade does not know the values, and so cannot take them out
	}
	l.replay.Segments = replay.Segments(l.replay.Index, pods, l.query.selection)
	return l.reachable()
}

// rawLog is the access to a log that has the values of sensitive params as they were printed.
var rawLog = access.To("get", "taskexecutions/rawlogs", access.ByExecution)

// mustHide reports whether a log may hold the values of sensitive params and the caller may not read such. Then there is the
// tail in the status, from which the controller took the values. It asks while a log is followed, too.
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

// tailSoFar tells that a log that may not be read from the pods is not archived, so that the tail is all that can be
// shown while the run goes on.
func (l *servedLog) tailSoFar() bool {
	return l.redacted && l.replay.Index == nil && l.query.selection == (replay.Selection{}) && !l.query.follow
}

// onlyTail tells that nothing is left of the log but what the execution's status holds.
func (l *servedLog) onlyTail() bool {
	return l.final && len(l.replay.Segments) == 0 && l.replay.Index == nil &&
		l.query.selection == (replay.Selection{}) && l.execution.Status.LogSummary != nil
}

// logProblem gives the answer to an error of reading a log.
func logProblem(err error) error {
	if errors.Is(err, replay.ErrGone) {
		return web.Problemf(http.StatusGone, "the part of the log that the cursor points into is gone; read it from the beginning")
	}
	return err
}
