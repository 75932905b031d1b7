// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package archivedruns reads runs that Kubernetes no longer has. Their records are in the archive (package records).
package archivedruns

import (
	"context"
	"errors"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/records"
)

const (
	// patience bounds how long one answer waits for the archive. Statistics over many days read more, and may take longer.
	patience, statisticsPatience = 5 * time.Second, 20 * time.Second
	// recordsAtOnce bounds how many records are read at once, and so their memory. A record has up to 4 MiB.
	recordsAtOnce = 16
)

// Archive reads the archived runs of this cluster. A nil Archive has none. It is safe for concurrent use.
type Archive struct {
	// Patience bounds how long one answer waits for the archive. StatisticsPatience is that of statistics.
	Patience, StatisticsPatience time.Duration

	bucket     bucket.Bucket
	identity   func() string
	cacheBytes int64
	places     chan struct{}

	mu     sync.Mutex
	reader *records.Reader
}

// New returns an Archive over a bucket. identity returns the identity of the cluster, empty until it is known. Until then
// there are no archived runs. Up to cacheBytes of the history are kept in memory.
func New(b bucket.Bucket, identity func() string, cacheBytes int64) *Archive {
	return &Archive{
		Patience: patience, StatisticsPatience: statisticsPatience,
		bucket: b, identity: identity, cacheBytes: cacheBytes, places: make(chan struct{}, recordsAtOnce),
	}
}

// open returns the reader, or nil while there is none.
func (a *Archive) open() *records.Reader {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.reader == nil {
		if cluster := records.Cluster(a.identity()); cluster != "" && cluster.Validate() == nil {
			a.reader = records.NewReader(a.bucket, cluster, a.cacheBytes)
		}
	}
	return a.reader
}

// Known reports whether there is an archive whose runs can be read.
func (a *Archive) Known() bool { return a.open() != nil }

// Record returns the record of the newest run of a name, or nil if there is none. The error is the answer to the request.
func (a *Archive) Record(ctx context.Context, namespace, id string) (*records.Record, error) {
	return a.read(ctx, id, func(ctx context.Context, reader *records.Reader) (*records.Record, error) {
		return reader.Get(ctx, namespace, id)
	})
}

// RecordOf returns the record of one run, or nil if there is none. The error is the answer to the request.
func (a *Archive) RecordOf(ctx context.Context, namespace, id string, uid types.UID) (*records.Record, error) {
	return a.read(ctx, id, func(ctx context.Context, reader *records.Reader) (*records.Record, error) {
		return reader.GetByUID(ctx, namespace, id, uid)
	})
}

func (a *Archive) read(ctx context.Context, id string, read func(context.Context, *records.Reader) (*records.Record, error)) (*records.Record, error) {
	reader := a.open()
	if reader == nil || len(validation.IsDNS1123Subdomain(id)) > 0 { // what is no name must not become a key
		return nil, nil
	}
	limited, cancel := context.WithTimeout(ctx, a.Patience)
	defer cancel()
	select {
	case a.places <- struct{}{}:
		defer func() { <-a.places }()
	case <-limited.Done():
		return nil, web.Unavailable("too many records are being read from the archive; try again")
	}
	record, err := read(limited, reader)
	if err != nil {
		return nil, unreadable(ctx, id, err)
	}
	return record, nil
}

// LookUp returns a run: the live one, or else that of the record of the archived one. Both are nil if there is neither. The error is the
// answer to the request.
func (a *Archive) LookUp(ctx context.Context, live web.ExecutionReader, namespace, id string) (*v1alpha1.TaskExecution, *records.Record, error) {
	execution, err := live.Execution(ctx, id)
	if execution != nil || err != nil {
		return execution, nil, err
	}
	record, err := a.Record(ctx, namespace, id)
	if record == nil || err != nil {
		return nil, nil, err
	}
	return record.Execution, record, nil
}

// Find is LookUp, and the error is the answer 404 if there is no such run.
func (a *Archive) Find(ctx context.Context, live web.ExecutionReader, namespace, id string) (*v1alpha1.TaskExecution, *records.Record, error) {
	execution, record, err := a.LookUp(ctx, live, namespace, id)
	if execution == nil && err == nil {
		err = a.Missing(id)
	}
	return execution, record, err
}

// findTries is how often a run is looked for that is deleted while it is read.
const findTries = 3

// FindWhole is Find, with the tail of a live run.
func (a *Archive) FindWhole(ctx context.Context, live web.TailReader, namespace, id string) (*v1alpha1.TaskExecution, *records.Record, error) {
	for range findTries {
		execution, record, err := a.Find(ctx, live, namespace, id)
		if record != nil || err != nil {
			return execution, record, err
		}
		if execution, err = live.Whole(ctx, execution); execution != nil || err != nil {
			return execution, nil, err
		}
	}
	return nil, nil, a.Missing(id)
}

// TaskOf returns the name of the task of an archived run, empty if there is no such run. The error is the answer to the request.
func (a *Archive) TaskOf(ctx context.Context, namespace, id string) (string, error) {
	record, err := a.Record(ctx, namespace, id)
	if record == nil || err != nil {
		return "", err
	}
	return record.Execution.Spec.TaskRef.Name, nil
}

// Page returns a page of the archived runs.
func (a *Archive) Page(ctx context.Context, namespace string, q records.Query) (records.Page, error) {
	reader := a.open()
	if reader == nil {
		return records.Page{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, a.Patience)
	defer cancel()
	return reader.Page(ctx, namespace, q)
}

// Summary counts the archived runs, by task and hour (see records.Reader).
func (a *Archive) Summary(ctx context.Context, namespace string, from, to time.Time, skip func(day time.Time) func(uid string) bool) ([]records.Tally, error) {
	reader := a.open()
	if reader == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, a.StatisticsPatience)
	defer cancel()
	return reader.Summary(ctx, namespace, from, to, skip)
}

// Away says why archived runs are missing in an answer, for callers.
func Away(err error) string {
	var away *bucket.Error
	if !errors.As(err, &away) {
		return "archived runs are missing: the archive cannot be read; try again"
	}
	if away.Gone() {
		return "archived runs are missing: a part of the archive's history cannot be used; the facade's log says which"
	}
	return "archived runs are missing: the archive cannot be read: " + away.Brief() + "; try again"
}
