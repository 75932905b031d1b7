// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package limit bounds what each of many callers may do: how often (Rates), and how much at once (Places, Semaphores).
// A caller is a key. The time is passed as a value.
package limit

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/utils/lru"
)

// maxKeys bounds how many keys are remembered. A further key replaces the least recently used one, whose count then
// starts again.
const maxKeys = 4096

// burstSeconds is the burst, in seconds of the rate.
const burstSeconds = 10

// Rates limits the rate of each key with a token bucket. A nil Rates limits nothing. It is safe for concurrent use.
type Rates struct {
	rate    rate.Limit
	burst   int
	mu      sync.Mutex
	buckets *lru.Cache
}

// New returns a limit of perSecond for each key, with a burst of ten times that. It returns nil, which limits nothing,
// if perSecond is not positive.
func New(perSecond float64) *Rates {
	if perSecond <= 0 {
		return nil
	}
	burst := int(min(math.Ceil(perSecond*burstSeconds), math.MaxInt32))
	return &Rates{rate: rate.Limit(perSecond), burst: burst, buckets: lru.New(maxKeys)}
}

// Take counts one event of key and returns 0. If the limit is reached, it counts nothing and returns how long to wait.
func (e *Rates) Take(key string, now time.Time) (wait time.Duration) {
	if e == nil {
		return 0
	}
	return e.reserve(key, now, true)
}

// Exhausted returns how long key has to wait until Take would count an event, 0 if it would now. It counts nothing.
func (e *Rates) Exhausted(key string, now time.Time) (wait time.Duration) {
	if e == nil {
		return 0
	}
	return e.reserve(key, now, false)
}

func (e *Rates) reserve(key string, now time.Time, keep bool) time.Duration {
	// The lock covers both Reserve and Cancel: in between, the bucket looks emptier than it is.
	e.mu.Lock()
	defer e.mu.Unlock()
	known, found := e.buckets.Get(key)
	if !found {
		if !keep {
			return 0
		}
		known = rate.NewLimiter(e.rate, e.burst)
		e.buckets.Add(key, known)
	}
	bucket, ok := known.(*rate.Limiter)
	if !ok {
		return 0
	}
	reservation := bucket.ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait > 0 || !keep {
		reservation.CancelAt(now)
	}
	return wait
}
