// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/controllers/logs/replay"
)

// Lines returns the first lines of an execution's log, without times and up to a size in bytes. Of a long line, only the beginning is
// returned. cut says that there are more lines, or may be: the size or two seconds were over, or the log is not final. A caller that may not read the log unredacted gets
// the tail of the log, as in pages. The error is the answer to the request.
func (h *Handlers) Lines(ctx context.Context, in *access.Scope, id string, uid types.UID, most int) (lines []string, cut bool, err error) {
	leave, err := h.place(in)
	if err != nil {
		return nil, false, err
	}
	defer leave()
	l := &servedLog{Handlers: h, in: in, id: id, uid: uid}
	if err := l.look(ctx); err != nil {
		return nil, false, err
	}
	if l.onlyTail() || l.tailSoFar() {
		for _, e := range l.mirrored() {
			lines = append(lines, e.Message)
		}
		return lines, l.execution.Status.LogSummary != nil && l.execution.Status.LogSummary.DroppedEntries > 0, nil
	}
	size, begun := 0, time.Now()
	err = l.read(ctx, l.log(), func(line replay.Line) error {
		if size += len(line.Head); size > most || time.Since(begun) > maxScanTime {
			return errEnough
		}
		lines = append(lines, string(line.Head)) // the rest is read into the same memory
		return nil
	})
	if errors.Is(err, errEnough) {
		return lines, true, nil
	}
	if err != nil {
		err = logProblem(err)
	}
	return lines, !l.final, err
}
