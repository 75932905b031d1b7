// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

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
	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/replay"
)

// archivePatience is how long the facade waits for the archive's index. After that, the log is served without the
// archive.
const archivePatience = 5 * time.Second

// The reasons why a served log is not complete although the controller has read and archived it completely.
const (
	// servedArchiveAway: the archive cannot be read now, but may be later.
	servedArchiveAway = "ArchiveAway"
	// servedArchiveGone: the archive no longer has the log.
	servedArchiveGone = "ArchiveGone"
	// servedTailOnly: there is no archive, and the pods are gone.
	servedTailOnly = "TailOnly"
	// servedRotated: the node has rotated a part of the log away since it was read.
	servedRotated = v1alpha1.ReasonLogsRotated
	// ServedRedactedOnly: the log has values of sensitive params, which the caller may not read.
	ServedRedactedOnly = "RedactedOnly"
)

// lookIntoArchive finds out what the archive has. A failure is not an error: the log is then read from elsewhere.
func (l *servedLog) lookIntoArchive(ctx context.Context) (err error) {
	if l.Logs.Archive == nil || l.left {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, l.Logs.ArchivePatience)
	defer cancel()
	e := archive.Execution{Namespace: l.execution.Namespace, Name: l.execution.Name, UID: l.execution.UID}
	l.replay.Index, err = l.Logs.Archive.Index(limited, e)
	var away *bucket.Error
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

// leaveArchive continues without the archive.
func (l *servedLog) leaveArchive(ctx context.Context, why *bucket.Error) {
	if l.away == nil {
		logr.FromContextOrDiscard(ctx).Error(why, "Serving a log without the archive", "execution", l.id)
	}
	l.away, l.replay.Index = why, nil
}

// withoutArchive reports whether a read that failed with this error has to be repeated without the archive: a part is
// missing, or the store failed after it had returned the index.
func (l *servedLog) withoutArchive(ctx context.Context, err error) bool {
	var away *bucket.Error
	if l.away != nil || ctx.Err() != nil || !errors.As(err, &away) {
		return false
	}
	l.leaveArchive(ctx, away)
	l.left, l.fresh = true, false
	return true
}

// orWithoutArchive reads, and once more from the beginning if that has to be repeated without the archive. The error is the answer to the
// request.
func (l *servedLog) orWithoutArchive(ctx context.Context, read func() error) error {
	err := read()
	if l.withoutArchive(ctx, err) {
		l.reading = nil // it begins anew
		if err = l.look(ctx); err == nil {
			err = read()
		}
	}
	if err != nil {
		return logProblem(err)
	}
	return nil
}

// reachable returns the archive's error if only the archive has the requested part. Otherwise the answer would wrongly
// say that there is nothing, or that the cursor's position no longer exists.
func (l *servedLog) reachable() error {
	if l.away == nil {
		return nil
	}
	at := l.query.from
	if l.reading != nil {
		at = l.reading.Position
	}
	nothing := l.final && len(l.replay.Segments) == 0
	known := l.replay.Has(at) || isOfTail(at) && (l.onlyTail() || l.tailSoFar())
	if !known || (nothing && !l.onlyTail()) {
		return l.away
	}
	return nil
}

// keepsRedacted reports whether a pod's log must be shown without the values of sensitive params.
func keepsRedacted(pod corev1.Pod) bool {
	return pod.Annotations[v1alpha1.AnnotationLogArchive] == string(v1alpha1.LogArchiveRedacted)
}

// completeness says whether the served log is complete. That can be less than what the controller has read: the archive
// may fail or have lost it, and nodes rotate logs.
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

// lessThanRead returns the reason why less is served than the controller has read, empty if nothing is missing.
func (l *servedLog) lessThanRead() (reason, message string) {
	summary := l.execution.Status.LogSummary
	switch {
	case l.hidden:
		return ServedRedactedOnly, "the log may have the values of sensitive params, and reading those needs the right to get taskexecutions/rawlogs; this is " + l.whatIsLeft()
	case l.away != nil && l.away.Gone():
		return servedArchiveGone, fmt.Sprintf("%s; this is %s", l.away.Brief(), l.whatIsLeft())
	case l.away != nil:
		return servedArchiveAway, fmt.Sprintf("the archive cannot be read: %s; this is %s. Try again later", l.away.Brief(), l.whatIsLeft())
	case !l.final:
		return "", ""
	case l.onlyTail() && summary.Archived && l.Logs.Archive != nil:
		return servedArchiveGone, "the log was archived, but is no longer in the archive; this is " + l.whatIsLeft()
	case l.onlyTail() && summary.Archived && !l.tailIsWhole():
		return servedArchiveAway, "the log was archived, but the facade has no archive configured (--archive-url); this is " + l.whatIsLeft()
	case l.onlyTail() && !l.tailIsWhole():
		return servedTailOnly, "the pods are gone and there is no archive; this is " + l.whatIsLeft()
	case l.reading != nil && l.reading.Gap:
		return servedRotated, "lines were lost to log rotation between two reads"
	case l.missed:
		return servedRotated, fmt.Sprintf("the pod's node has fewer lines than the %d that were read from it", summary.Entries)
	default:
		return "", ""
	}
}

// whatIsLeft says what is served without the archive.
func (l *servedLog) whatIsLeft() string {
	if len(l.replay.Segments) > 0 {
		return "what the pods still have"
	}
	return "the newest part, which the run keeps"
}

// tailIsWhole reports whether the tail in the status has the whole log.
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

// countLines compares the lines of a page with those that the controller has read, if the page has the whole log from
// pods. If there are fewer, the node has rotated some away.
func (l *servedLog) countLines(lines int64, page *LogPage) {
	q := &l.query
	all := page.End && q.from == (replay.Position{}) && q.tail == 0 && q.since.IsZero() && q.selection == (replay.Selection{})
	summary := l.execution.Status.LogSummary
	l.missed = all && l.reading.FromPod && !l.reading.FromArchive && summary != nil && lines < summary.Entries
}
