// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"encoding/json"
	"errors"
	"strconv"
	"sync"
	"time"

	"k8s.io/utils/lru"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/wire"
)

const (
	// maxEncodedBytes bounds the sum of the cached answers, without the overhead of the cache.
	maxEncodedBytes = 32 << 20
	// maxEncodedOne is the largest answer that is cached.
	maxEncodedOne = 256 << 10
)

// encodings caches the JSON of polled executions. For a run with a log, encoding costs fifty times as much as the rest
// of a poll. An entry is for one resourceVersion, so that none can be stale. The zero value is an empty cache.
type encodings struct {
	mu    sync.Mutex
	kept  *lru.Cache
	bytes int
}

// errTailLeftOut says that an answer is not cached, and that the run is without its tail, so that it cannot be encoded.
var errTailLeftOut = errors.New("the tail of the run is left out")

type encodingKey struct {
	uid, version string
	record       bool
}

func sizeOf(value any) int {
	raw, _ := value.([]byte)
	return len(raw)
}

// execution returns an execution in the documented form, as one line.
func (c *encodings) execution(e *listed, now time.Time) ([]byte, error) {
	return c.encode(e, now, false, func(w wire.Execution) any { return w })
}

// record returns a record of the history, as one line.
func (c *encodings) record(e *listed, now time.Time) ([]byte, error) {
	return c.encode(e, now, true, func(w wire.Execution) any { return Record{w, e.CreationTimestamp.UTC()} })
}

func (c *encodings) encode(e *listed, now time.Time, record bool, whole func(wire.Execution) any) ([]byte, error) {
	key := encodingKey{string(e.UID), e.version(), record}
	raw, found := c.get(key)
	if !found && e.TailBytes > 0 {
		return nil, errTailLeftOut
	}
	if !found {
		w := wire.ExecutionOf(e.TaskExecution, now)
		w.Archived = e.archived
		if goesOn(e.TaskExecution) {
			w.Duration = nil // it is inserted below
		}
		var err error
		if raw, err = json.Marshal(whole(w)); err != nil {
			return nil, err
		}
		raw = append(raw, '\n')
		c.add(key, raw)
	}
	if !goesOn(e.TaskExecution) {
		return raw, nil
	}
	timed := make([]byte, 0, len(raw)+32)
	timed = append(append(timed, raw[:len(raw)-2]...), `,"duration":`...)
	timed = strconv.AppendInt(timed, max(0, now.Sub(e.Status.StartTime.Time).Milliseconds()), 10)
	return append(timed, "}\n"...), nil
}

// goesOn reports whether the duration of an execution still grows.
func goesOn(e *v1alpha1.TaskExecution) bool {
	return e.Status.StartTime != nil && e.Status.CompletionTime == nil
}

func (c *encodings) get(key encodingKey) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil {
		return nil, false
	}
	value, _ := c.kept.Get(key)
	raw, found := value.([]byte)
	return raw, found
}

func (c *encodings) add(key encodingKey, raw []byte) {
	if key.version == "" || len(raw) > maxEncodedOne {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil {
		c.kept = lru.NewWithEvictionFunc(0, func(_ lru.Key, value any) { c.bytes -= sizeOf(value) }) // bounded by bytes
	}
	if _, found := c.kept.Get(key); found {
		return // another request was faster
	}
	c.kept.Add(key, raw)
	for c.bytes += len(raw); c.bytes > maxEncodedBytes; {
		c.kept.RemoveOldest()
	}
}
