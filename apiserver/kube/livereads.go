package kube

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/lru"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/apiserver/web"
)

const (
	// missMemory is how long it is remembered that the API server does not have something.
	missMemory = time.Second
	// maxMisses are remembered at once.
	maxMisses = 4096
	// missRate and missBurst bound how many reads of what the cache lacks reach the API server, in a second and at once.
	missRate, missBurst = 100, 200
)

// liveReads keeps requests for what is not there from being handed on to the API server as fast as they come. What
// another replica just made is in no cache yet, so that they cannot be answered from the cache alone.
type liveReads struct {
	limit *rate.Limiter
	mu    sync.Mutex
	// misses has the time of each.
	misses *lru.Cache
}

func newLiveReads() *liveReads {
	return &liveReads{limit: rate.NewLimiter(missRate, missBurst), misses: lru.New(maxMisses)}
}

// missed tells whether the API server just said that it does not have it. The error asks to try again later.
func (l *liveReads) missed(what any, now time.Time) (bool, error) {
	l.mu.Lock()
	at, known := l.misses.Get(what)
	l.mu.Unlock()
	if then, ok := at.(time.Time); known && ok && now.Sub(then) < missMemory {
		return true, nil
	}
	if !l.limit.AllowN(now, 1) {
		return false, &web.Problem{
			Status: http.StatusServiceUnavailable, RetryAfter: web.UnavailableRetry,
			Detail: "it is not in the facade's cache, and too many such requests came at once to ask Kubernetes for each; try again",
		}
	}
	return false, nil
}

// miss remembers one.
func (l *liveReads) miss(what any, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.misses.Add(what, now)
}

// GetLive reads from the API server, unless it just said that it does not have it.
func (s *Store) GetLive(ctx context.Context, name string, object client.Object) (found bool, err error) {
	what := fmt.Sprintf("%T %s", object, s.key(name))
	if missed, err := s.misses.missed(what, time.Now()); missed || err != nil {
		return false, err
	}
	err = s.live.Get(ctx, s.key(name), object)
	if apierrors.IsNotFound(err) {
		s.misses.miss(what, time.Now())
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading %s: %w", what, err)
	}
	return true, nil
}
