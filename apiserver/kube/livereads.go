// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

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
	// missMemory is how long a miss is remembered. A miss is an object that the API server does not have.
	missMemory = time.Second
	// maxMisses bounds how many misses are remembered.
	maxMisses = 4096
	// missRate and missBurst bound the reads from the API server of objects that the cache does not have, per second
	// and at once.
	missRate, missBurst = 100, 200
)

// liveReads limits the reads from the API server for objects that do not exist. The cache alone cannot answer such
// requests, because another replica may just have created the object.
type liveReads struct {
	limit *rate.Limiter
	mu    sync.Mutex
	// misses has the time of each miss.
	misses *lru.Cache
}

func newLiveReads() *liveReads {
	return &liveReads{limit: rate.NewLimiter(missRate, missBurst), misses: lru.New(maxMisses)}
}

// missed reports whether the API server recently did not have the object. The error asks the client to try again later.
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
			Detail: "it is not in the facade's cache, and there are too many such requests to ask Kubernetes for each; try again",
		}
	}
	return false, nil
}

// miss remembers a miss.
func (l *liveReads) miss(what any, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.misses.Add(what, now)
}

// GetLive reads from the API server, unless the object was recently missing there.
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
