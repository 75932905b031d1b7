// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package records

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/bucket"
)

// maxListed bounds the part of an execution that lists show, in bytes of JSON. A larger one is listed without its params,
// result and labels; its record has them.
const maxListed = 8 << 10

// row is one run in a segment. The columns are for tools and for finding rows. Execution is what the facade shows in lists.
type row struct {
	Created    int64             `parquet:"created,timestamp(millisecond),delta"`
	Name       string            `parquet:"name"`
	UID        string            `parquet:"uid"`
	Task       string            `parquet:"task,dict"`
	Phase      string            `parquet:"phase,dict"`
	Gone       bool              `parquet:"gone"`
	Reason     string            `parquet:"reason,dict"`
	Source     string            `parquet:"trigger_source,dict"`
	Trigger    string            `parquet:"trigger_name,dict"`
	User       string            `parquet:"user,dict"`
	Started    *int64            `parquet:"started,timestamp(millisecond),optional"`
	Completed  *int64            `parquet:"completed,timestamp(millisecond),optional"`
	DurationMS *int64            `parquet:"duration_ms,optional"`
	ExitCode   *int32            `parquet:"exit_code,optional"`
	Attempts   int32             `parquet:"attempts"`
	LogLines   int64             `parquet:"log_lines"`
	LogBytes   int64             `parquet:"log_bytes"`
	TaskHash   string            `parquet:"task_hash,dict"`
	Recorded   int64             `parquet:"recorded,timestamp(millisecond),delta"`
	Labels     map[string]string `parquet:"labels"`
	Params     string            `parquet:"params,zstd"`
	Execution  string            `parquet:"execution,zstd"`
}

// rowOf returns the row of a record.
func rowOf(r *Record) (row, error) {
	e := r.Execution
	out := row{
		Created: e.CreationTimestamp.UnixMilli(), Name: e.Name, UID: string(e.UID), Task: e.Spec.TaskRef.Name,
		Phase: string(e.Status.Phase), Reason: e.Status.Reason, Source: string(e.Spec.Trigger.Source), Trigger: e.Spec.Trigger.Name, User: e.Spec.Trigger.User,
		ExitCode: e.Status.ExitCode, Attempts: e.Status.Attempts, Recorded: r.RecordedAt.UnixMilli(), Labels: e.Labels,
	}
	if t := e.Status.StartTime; t != nil {
		out.Started = new(t.UnixMilli())
	}
	if t := e.Status.CompletionTime; t != nil {
		out.Completed = new(t.UnixMilli())
	}
	if out.Started != nil && out.Completed != nil {
		out.DurationMS = new(max(0, *out.Completed-*out.Started))
	}
	if l := e.Status.LogSummary; l != nil {
		out.LogLines, out.LogBytes = l.Entries, l.Bytes
	}
	if r.Task != nil {
		out.TaskHash = r.Task.Hash
	}
	if p := e.Spec.Params; p != nil && len(p.Raw) <= maxListed {
		out.Params = string(p.Raw)
	}
	listed, err := listedOf(e)
	out.Execution = listed
	return out, err
}

// listedOf returns what lists show of an execution, as JSON.
func listedOf(e *v1alpha1.TaskExecution) (string, error) {
	listed := trimmed(e)
	listed.Status.Logs, listed.Status.Pods, listed.Status.Conditions = nil, nil, nil
	raw, err := json.Marshal(listed)
	if err == nil && len(raw) > maxListed {
		listed.Spec.Params, listed.Status.Result = nil, nil
		listed.Labels, listed.Annotations = nil, nil
		raw, err = json.Marshal(listed)
	}
	if err != nil {
		return "", fmt.Errorf("encoding execution %s/%s for the history: %w", e.Namespace, e.Name, err)
	}
	return string(raw), nil
}

// executionOf reads the column Execution.
func executionOf(listed string) (*v1alpha1.TaskExecution, error) {
	e := &v1alpha1.TaskExecution{}
	if err := json.Unmarshal([]byte(listed), e); err != nil {
		return nil, fmt.Errorf("%w: a row has no execution: %w", bucket.ErrDamaged, err)
	}
	return e, nil
}

// compareRows is the order of the history: newest first, and within one second by name. Rows of one run are side by side,
// one that says that the run is forgotten first.
func compareRows(a, b *row) int {
	return cmp.Or(cmp.Compare(b.second(), a.second()), strings.Compare(a.Name, b.Name), strings.Compare(a.UID, b.UID), compareGone(a, b), cmp.Compare(b.Recorded, a.Recorded))
}

func compareGone(a, b *row) int {
	switch {
	case a.Gone == b.Gone:
		return 0
	case a.Gone:
		return -1
	default:
		return 1
	}
}

func (r *row) second() int64 { return r.Created / int64(time.Second/time.Millisecond) }

func (r *row) createdAt() time.Time { return time.UnixMilli(r.Created).UTC() }

// tidy sorts rows and keeps one of each run. A row that says that its run is forgotten wins over the others. It is dropped
// itself once it is older than forgotten, because by then no writer can have the others in memory.
func tidy(rows []row, forgotten time.Time) []row {
	slices.SortFunc(rows, func(a, b row) int { return compareRows(&a, &b) })
	rows = slices.CompactFunc(rows, func(a, b row) bool { return a.UID == b.UID && a.Name == b.Name })
	return slices.DeleteFunc(rows, func(r row) bool { return r.Gone && r.Recorded < forgotten.UnixMilli() })
}
