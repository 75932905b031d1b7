// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/taskexec/taskexec/apiserver/limit"
	"github.com/taskexec/taskexec/apiserver/web"
)

// RateLimit limits the rate of each caller, separately for reads and writes: a read is served from memory, a write
// causes a write to etcd and a pod. With --auth=none, all callers look the same and there are no limits.
func (g *Guard) RateLimit(maxReads, maxWrites float64) func(http.Handler) http.Handler {
	reads, writes := limit.New(maxReads), limit.New(maxWrites)
	return func(next http.Handler) http.Handler {
		return web.Handler(func(w http.ResponseWriter, r *http.Request) error {
			user := CallerOf(r.Context()).Name()
			each, kind := writes, "writes"
			if r.Method == http.MethodGet || r.Method == http.MethodHead {
				each, kind = reads, "reads"
			}
			if user != "" {
				if wait := each.Take(user, time.Now()); wait > 0 {
					g.Metrics.Limit(kind)
					return tooMany(wait, "%q sent too many %s (--max-%s-per-second)", user, kind, kind)
				}
			}
			next.ServeHTTP(w, r)
			return nil
		})
	}
}

// tooMany returns the answer 429, with the time after which to retry.
func tooMany(wait time.Duration, format string, args ...any) *web.Problem {
	seconds := int(math.Ceil(wait.Seconds()))
	return &web.Problem{
		Status:     http.StatusTooManyRequests,
		Detail:     fmt.Sprintf(format, args...) + fmt.Sprintf("; retry in %d s", seconds),
		RetryAfter: seconds,
	}
}
