// Package limit bounds how often each of many may do something. It holds a token bucket for each of the latest, and
// takes now as a value.
package limit

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/utils/lru"
)

// maxKeys is how many are known. Who comes when there are as many begins anew, in the place of the one that was not
// seen for longest.
const maxKeys = 4096

// burstSeconds of the rate may come at once.
const burstSeconds = 10

// Each bounds each key on its own. Its nil value bounds nothing. It is safe for concurrent use.
type Each struct {
	rate    rate.Limit
	burst   int
	mu      sync.Mutex
	buckets *lru.Cache
}

// New allows so many in a second, and ten seconds' worth at once. It gives nil, which bounds nothing, for zero.
func New(perSecond float64) *Each {
	if perSecond <= 0 {
		return nil
	}
	burst := int(min(math.Ceil(perSecond*burstSeconds), math.MaxInt32))
	return &Each{rate: rate.Limit(perSecond), burst: burst, buckets: lru.New(maxKeys)}
}

// Take counts one more of key. When that is too many it counts nothing, and gives how long the key has to wait.
func (e *Each) Take(key string, now time.Time) (wait time.Duration) {
	if e == nil {
		return 0
	}
	return e.reserve(key, now, true)
}

// Exhausted gives how long key has to wait until it may take one; zero when it may now. It counts nothing.
func (e *Each) Exhausted(key string, now time.Time) (wait time.Duration) {
	if e == nil {
		return 0
	}
	return e.reserve(key, now, false)
}

func (e *Each) reserve(key string, now time.Time, keep bool) time.Duration {
	// One at a time: the bucket of a reservation that is given back must not look emptier to another meanwhile.
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
