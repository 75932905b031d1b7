// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package records

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gocloud.dev/blob"
	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"k8s.io/utils/lru"

	"github.com/taskexec/taskexec/controllers/bucket"
)

const (
	// ListingAge is how old a Reader's list of segments may be. A run must be in the history for longer before it is removed
	// from etcd, or lists would miss it.
	ListingAge = 15 * time.Second
	// listedNamespaces bounds how many lists of segments a Reader keeps.
	listedNamespaces = 256
	// readingAtOnce bounds how many requests decode segments at once, and so the memory that they take.
	readingAtOnce = 4
)

// Reader reads records and the history. It is safe for concurrent use.
type Reader struct {
	store
	clock    clock.PassiveClock
	cache    *cache
	listings *lru.Cache
	// counted has the counts of days.
	counted *lru.Cache
	calls   singleflight.Group
	reading *semaphore.Weighted
}

// NewReader returns a Reader of what a cluster wrote. It keeps up to cacheBytes of segments in memory.
func NewReader(b bucket.Bucket, cluster Cluster, cacheBytes int64) *Reader {
	return &Reader{
		store: store{b, cluster}, clock: clock.RealClock{}, cache: newCache(cacheBytes), listings: lru.New(listedNamespaces), counted: lru.New(summaries),
		reading: semaphore.NewWeighted(readingAtOnce),
	}
}

// Get returns the record of the newest run of a name, or nil if there is none. It takes two requests to the store.
func (r *Reader) Get(ctx context.Context, namespace, name string) (*Record, error) {
	all, err := r.All(ctx, namespace, name)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// All returns the records of all runs that a name has had, newest first. It takes one request to the store, and one for
// each record.
func (r *Reader) All(ctx context.Context, namespace, name string) (all []*Record, err error) {
	keys, err := r.recordKeys(ctx, namespace, name)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		record, err := r.record(ctx, key)
		if bucket.IsMissing(err) {
			continue // forgotten meanwhile
		}
		if err != nil {
			return nil, err
		}
		all = append(all, record)
	}
	slices.SortStableFunc(all, func(a, b *Record) int {
		return b.Execution.CreationTimestamp.Compare(a.Execution.CreationTimestamp.Time)
	})
	return all, nil
}

// GetByUID returns the record of one run, or nil if there is none. It takes one request to the store.
func (r *Reader) GetByUID(ctx context.Context, namespace, name string, uid types.UID) (*Record, error) {
	record, err := r.record(ctx, r.cluster.recordKey(namespace, name, uid))
	if bucket.IsMissing(err) {
		return nil, nil
	}
	return record, err
}

// recordKeys lists the records of a name.
func (s store) recordKeys(ctx context.Context, namespace, name string) (keys []string, err error) {
	folder := s.cluster.runsFolder(namespace, name)
	err = s.List(ctx, folder, "", func(object *blob.ListObject) error {
		if strings.HasSuffix(object.Key, ".json") {
			keys = append(keys, object.Key)
		}
		return nil
	})
	if err != nil {
		return nil, &bucket.Error{Doing: "listing " + folder + " of the archive", Err: err}
	}
	return keys, nil
}

func (s store) record(ctx context.Context, key string) (*Record, error) {
	raw, err := s.read(ctx, key, MaxRecord)
	if err != nil {
		return nil, err
	}
	record, err := decodeRecord(raw)
	if err == nil && record.Cluster != s.cluster {
		err = fmt.Errorf("%w: it is of cluster %s", bucket.ErrDamaged, record.Cluster)
	}
	if err != nil {
		return nil, &bucket.Error{Doing: "reading the record " + key + " of the archive", Err: err}
	}
	return record, nil
}

// listing is a list of segments.
type listing struct {
	at       time.Time
	segments []Segment
}

// list returns the segments of a namespace. The list may be as old as ListingAge, unless it must be fresh.
func (r *Reader) list(ctx context.Context, namespace string, fresh bool) ([]Segment, error) {
	if known, found := r.listings.Get(namespace); found && !fresh {
		if l, ok := known.(listing); ok && r.clock.Since(l.at) < ListingAge {
			return l.segments, nil
		}
	}
	found, err, _ := r.calls.Do("list "+namespace, func() (any, error) {
		at := r.clock.Now()
		segments, err := r.segments(ctx, namespace, "")
		if err != nil {
			return nil, err
		}
		r.listings.Add(namespace, listing{at, segments})
		return segments, nil
	})
	if err != nil {
		return nil, err
	}
	segments, _ := found.([]Segment)
	return segments, nil
}

// segment returns the bytes of a segment.
func (r *Reader) segment(ctx context.Context, key string) ([]byte, error) {
	if raw, found := r.cache.get(key); found {
		return raw, nil
	}
	found, err, _ := r.calls.Do(key, func() (any, error) { return r.read(ctx, key, maxSegment) })
	if err != nil {
		return nil, err
	}
	raw, _ := found.([]byte)
	r.cache.put(key, raw)
	return raw, nil
}

// retrying calls do, and again with a fresh list if a segment was merged into another meanwhile.
func (r *Reader) retrying(ctx context.Context, namespace string, do func([]Segment) error) error {
	const attempts = 3
	var err error
	for attempt := range attempts {
		var segments []Segment
		if segments, err = r.list(ctx, namespace, attempt > 0); err != nil {
			return err
		}
		if err = do(segments); err == nil || !bucket.IsMissing(err) {
			return err
		}
	}
	return err
}
