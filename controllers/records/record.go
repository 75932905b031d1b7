// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package records

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/bucket"
)

const (
	// recordVersion is the version of the format. A reader that finds a higher one returns an error. The archive without
	// records, which had logs only, was format 1.
	recordVersion = 2
	// MaxRecord bounds a record in bytes. etcd holds no larger execution, and maxTask bounds the rest.
	MaxRecord = 4 << 20
	// maxTask bounds the snapshot of a Task's spec in a record, in bytes of JSON.
	maxTask = 256 << 10
)

// Record is everything that is kept of an ended run.
type Record struct {
	Version int     `json:"version"`
	Cluster Cluster `json:"cluster"`
	// RecordedAt is when the record was written.
	RecordedAt time.Time `json:"recordedAt"`
	// Execution is the run as it was at its end: labels, spec with params and trigger, status with receipt and result. Its
	// values of sensitive params were never in it.
	Execution *v1alpha1.TaskExecution `json:"execution"`
	// Task is the Task as it was when the run's Job was created, absent if the run had none.
	Task *TaskSnapshot `json:"task,omitempty"`
}

// TaskSnapshot is a Task as a run knew it.
type TaskSnapshot struct {
	Name       string    `json:"name"`
	UID        types.UID `json:"uid,omitempty"`
	Generation int64     `json:"generation,omitempty"`
	// Hash is the SHA-256 of Spec as JSON, in hexadecimal. Two runs with the same hash ran the same definition.
	Hash string `json:"hash,omitempty"`
	// Spec is absent if it was no longer known when the record was written, or is larger than 256 KiB.
	Spec *v1alpha1.TaskSpec `json:"spec,omitempty"`
}

// SnapshotOf returns the snapshot of a Task.
func SnapshotOf(task *v1alpha1.Task) (*TaskSnapshot, error) {
	raw, err := json.Marshal(task.Spec)
	if err != nil {
		return nil, fmt.Errorf("encoding task %s/%s: %w", task.Namespace, task.Name, err)
	}
	sum := sha256.Sum256(raw)
	s := &TaskSnapshot{Name: task.Name, UID: task.UID, Generation: task.Generation, Hash: hex.EncodeToString(sum[:])}
	if len(raw) <= maxTask {
		s.Spec = task.Spec.DeepCopy()
	}
	return s, nil
}

// encode returns the record as JSON.
func (r *Record) encode() ([]byte, error) {
	raw, err := json.Marshal(r)
	if err == nil && len(raw) > MaxRecord {
		err = fmt.Errorf("it has %d bytes, more than %d", len(raw), MaxRecord)
	}
	if err != nil {
		return nil, fmt.Errorf("encoding the record of execution %s/%s: %w", r.Execution.Namespace, r.Execution.Name, err)
	}
	return raw, nil
}

// decodeRecord reads what encode returned.
func decodeRecord(raw []byte) (*Record, error) {
	r := &Record{}
	if err := json.Unmarshal(raw, r); err != nil {
		return nil, fmt.Errorf("%w: %w", bucket.ErrDamaged, err)
	}
	switch {
	case r.Version > recordVersion:
		return nil, fmt.Errorf("%w: it is of version %d, and this program knows version %d", bucket.ErrDamaged, r.Version, recordVersion)
	case r.Execution == nil || r.Execution.Name == "" || r.Execution.UID == "":
		return nil, fmt.Errorf("%w: it names no execution", bucket.ErrDamaged)
	}
	return r, nil
}

// trimmed returns a copy of an execution without what only the API server needs.
func trimmed(e *v1alpha1.TaskExecution) *v1alpha1.TaskExecution {
	kept := e.DeepCopy()
	kept.APIVersion, kept.Kind = v1alpha1.GroupVersion.String(), "TaskExecution"
	kept.ManagedFields, kept.OwnerReferences, kept.Finalizers = nil, nil, nil
	return kept
}
