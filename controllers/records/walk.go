// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package records

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gocloud.dev/blob"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/bucket"
)

// Walk calls visit with each record of a namespace, in the order of keys, after a given key. A record that cannot be read is passed
// as an error.
func (s store) Walk(ctx context.Context, namespace, after string, visit func(key string, r *Record, err error) error) error {
	folder := s.cluster.folder() + "runs/" + namespace + "/"
	return s.List(ctx, folder, "", func(object *blob.ListObject) error {
		if object.Key <= after || !strings.HasSuffix(object.Key, ".json") {
			return nil
		}
		record, err := s.record(ctx, object.Key)
		return visit(object.Key, record, err)
	})
}

// History reads all segments of a namespace, calls visit with each run in them, and returns the errors of those that cannot be
// read.
func (s store) History(ctx context.Context, namespace string, visit func(types.UID)) (segments int, err error) {
	of, err := s.segments(ctx, namespace, "")
	if err != nil {
		return 0, err
	}
	var damaged []error
	for _, segment := range of {
		raw, err := s.read(ctx, segment.Key, maxSegment)
		if err != nil {
			damaged = append(damaged, err)
			continue
		}
		_, keys, err := decodeSegment(segment.Key, raw, readKeys)
		switch {
		case err != nil:
			damaged = append(damaged, err)
		case len(keys) != segment.Rows:
			damaged = append(damaged, fmt.Errorf("the segment %s has %d rows, and its name says %d", segment.Key, len(keys), segment.Rows))
		}
		for i := range keys {
			if !keys[i].Gone {
				visit(types.UID(keys[i].UID))
			}
		}
	}
	return len(of), errors.Join(damaged...)
}

// RecordedNamespaces returns the namespaces that have records.
func (s store) RecordedNamespaces(ctx context.Context) ([]string, error) {
	return s.folders(ctx, s.cluster.folder()+"runs/")
}

// AddToHistory adds a record to the history, as Put does for a new one. Flush writes it.
func (w *Writer) AddToHistory(r *Record) error {
	of, err := rowOf(r)
	if err != nil {
		return err
	}
	w.add(r.Execution.Namespace, of)
	return nil
}

// ReasonOutcomeUnknown is the reason of a run whose log was archived before there were records.
const ReasonOutcomeUnknown = "OutcomeUnknown"

// Unrecorded returns what is known of a run if only its log is archived: its name, and when it began. It counts as failed,
// because it is not known to have completed.
func Unrecorded(namespace, name string, uid types.UID, began, ended time.Time) *v1alpha1.TaskExecution {
	e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: uid, CreationTimestamp: metav1.NewTime(began)}}
	started, completed := metav1.NewTime(began), metav1.NewTime(ended)
	e.Status = v1alpha1.TaskExecutionStatus{
		Phase: v1alpha1.PhaseFailed, Reason: ReasonOutcomeUnknown, StartTime: &started, CompletionTime: &completed,
		Message: "Only the log of this run was archived, by an earlier version. Whether it completed is not known.",
	}
	return e
}

// Clusters returns the identities that have records in a bucket.
func Clusters(ctx context.Context, b bucket.Bucket) (found []Cluster, err error) {
	names, err := store{Bucket: b}.folders(ctx, root)
	for _, name := range names {
		found = append(found, Cluster(name))
	}
	return found, err
}
