package logs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/replay"
)

// archivePatience is how long the archive may take to say what it has of a log. After it, the log is served without.
const archivePatience = 5 * time.Second

// Why a log that is served is not whole, though the controller read and archived it whole.
const (
	// servedArchiveAway: the archive cannot be read now. It may be later.
	servedArchiveAway = "ArchiveAway"
	// servedArchiveGone: the archive does not have any more what it had.
	servedArchiveGone = "ArchiveGone"
	// servedTailOnly: there is no archive, and the pods are gone.
	servedTailOnly = "TailOnly"
	// servedRotated: the pod's node has rotated a part of the log away since it was read.
	servedRotated = v1alpha1.ReasonLogsRotated
	// ServedRedactedOnly: the log has the values of sensitive params in it, and the caller may not read such.
	ServedRedactedOnly = "RedactedOnly"
)

// lookIntoArchive finds out what the archive has. That it cannot be read is no error: the log is looked for elsewhere.
func (l *servedLog) lookIntoArchive(ctx context.Context) (err error) {
	if l.Logs.Archive == nil || l.left {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, l.Logs.ArchivePatience)
	defer cancel()
	e := archive.Execution{Namespace: l.execution.Namespace, Name: l.execution.Name, UID: l.execution.UID}
	l.replay.Index, err = l.Logs.Archive.Index(limited, e)
	var away *archive.Error
	switch {
	case err == nil:
		l.away = nil
		return nil
	case ctx.Err() == nil && errors.As(err, &away):
		l.leaveArchive(ctx, away)
		return nil
	default:
		return err
	}
}

// leaveArchive goes on without the archive.
func (l *servedLog) leaveArchive(ctx context.Context, why *archive.Error) {
	if l.away == nil {
		logr.FromContextOrDiscard(ctx).Error(why, "A log is served without the archive", "execution", l.id)
	}
	l.away, l.replay.Index = why, nil
}

// withoutArchive tells whether a reading that ended with this error is to be done again without the archive: a part is
// gone, or the store went away after it had given the index.
func (l *servedLog) withoutArchive(ctx context.Context, err error) bool {
	var away *archive.Error
	if l.away != nil || ctx.Err() != nil || !errors.As(err, &away) {
		return false
	}
	l.leaveArchive(ctx, away)
	l.left, l.fresh = true, false
	return true
}

// reachable gives the archive's trouble where what is asked for is in the archive alone: it would be wrong to answer that
// there is nothing, or that a cursor's place is gone.
func (l *servedLog) reachable() error {
	if l.away == nil {
		return nil
	}
	at := l.query.from
	if l.reading != nil {
		at = l.reading.Position
	}
	nothing := l.final && len(l.replay.Segments) == 0
	if !l.replay.Has(at) || (nothing && !l.onlyTail()) {
		return l.away
	}
	return nil
}

// keepsRedacted tells whether a pod's log is to be shown without the values of sensitive params.
func keepsRedacted(pod corev1.Pod) bool {
	return pod.Annotations[v1alpha1.AnnotationLogArchive] == string(v1alpha1.LogArchiveRedacted)
}

// completeness says whether what is served is whole. That is less than whether the controller read the log whole: the
// archive may be away, or have lost it, and a node rotates what it has.
func (l *servedLog) completeness() (c Completeness) {
	not := func(reason, message string) Completeness {
		complete := false
		return Completeness{&complete, reason, message}
	}
	captured := l.captured()
	known := l.final && captured != nil && captured.Status != metav1.ConditionUnknown
	switch reason, message := l.lessThanRead(); {
	case reason != "" && (known || l.away != nil || l.hidden):
		return not(reason, message)
	case !known:
		return c
	case captured.Status != metav1.ConditionTrue:
		return not(captured.Reason, captured.Message)
	default:
		complete := true
		return Completeness{Complete: &complete}
	}
}

// lessThanRead gives the reason for which what is served is less than what the controller read, empty if it is not.
func (l *servedLog) lessThanRead() (reason, message string) {
	summary := l.execution.Status.LogSummary
	switch {
	case l.hidden:
		return ServedRedactedOnly, "the log may hold the values of sensitive params, which takes get on taskexecutions/rawlogs to read; this is " + l.whatIsLeft()
	case l.away != nil && l.away.Gone():
		return servedArchiveGone, fmt.Sprintf("%s; this is %s", l.away.Brief(), l.whatIsLeft())
	case l.away != nil:
		return servedArchiveAway, fmt.Sprintf("the archive cannot be read: %s; this is %s. Try again later", l.away.Brief(), l.whatIsLeft())
	case !l.final:
		return "", ""
	case l.onlyTail() && summary.Archived && l.Logs.Archive != nil:
		return servedArchiveGone, "the log was archived, and the archive has nothing of it any more; this is " + l.whatIsLeft()
	case l.onlyTail() && summary.Archived && !l.tailIsWhole():
		return servedArchiveAway, "the log was archived, and this program was not told where (--archive-url); this is " + l.whatIsLeft()
	case l.onlyTail() && !l.tailIsWhole():
		return servedTailOnly, "the pods are gone and there is no archive; this is " + l.whatIsLeft()
	case l.reading != nil && l.reading.Gap:
		return servedRotated, "lines were rotated away between two reads"
	case l.missed:
		return servedRotated, fmt.Sprintf("the pod's node has fewer than the %d lines that were read from it", summary.Entries)
	default:
		return "", ""
	}
}

// whatIsLeft says what is served where the archive is not.
func (l *servedLog) whatIsLeft() string {
	if len(l.replay.Segments) > 0 {
		return "what the pods have"
	}
	return "the part that is kept on the run"
}

// tailIsWhole tells whether the tail in status has each line, and each to its end.
func (l *servedLog) tailIsWhole() bool {
	status := &l.execution.Status
	if status.LogSummary.DroppedEntries > 0 {
		return false
	}
	for i := range status.Logs {
		if strings.HasSuffix(status.Logs[i].Message, " bytes more)") {
			return false
		}
	}
	return true
}

// countLines takes note of how many lines a page had that began at the log's beginning and went to its end, with nothing
// left out, all of it from pods: fewer than the controller read means that the node rotated some away.
func (l *servedLog) countLines(lines int64, page *LogPage) {
	q := &l.query
	all := page.End && q.from == (replay.Position{}) && q.tail == 0 && q.since.IsZero() && q.selection == (replay.Selection{})
	summary := l.execution.Status.LogSummary
	l.missed = all && l.reading.FromPod && !l.reading.FromArchive && summary != nil && lines < summary.Entries
}
