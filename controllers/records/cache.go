// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package records

import (
	"container/list"
	"sync"
)

// cache keeps the bytes of the segments that were read last. Segments never change, so nothing in it gets old.
type cache struct {
	most int64

	mu    sync.Mutex
	bytes int64
	order *list.List // of cached, last used first
	of    map[string]*list.Element
}

type cached struct {
	key string
	raw []byte
}

// newCache returns a cache of at most that many bytes.
func newCache(most int64) *cache {
	return &cache{most: most, order: list.New(), of: map[string]*list.Element{}}
}

func (c *cache) get(key string) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, found := c.of[key]
	if !found {
		return nil, false
	}
	c.order.MoveToFront(at)
	return at.Value.(cached).raw, true //nolint:forcetypeassert // the list has nothing else
}

func (c *cache) put(key string, raw []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, found := c.of[key]; found || int64(len(raw)) > c.most {
		return
	}
	c.of[key] = c.order.PushFront(cached{key, raw})
	c.bytes += int64(len(raw))
	for c.bytes > c.most {
		oldest := c.order.Remove(c.order.Back()).(cached) //nolint:forcetypeassert // the list has nothing else
		delete(c.of, oldest.key)
		c.bytes -= int64(len(oldest.raw))
	}
}
