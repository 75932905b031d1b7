package access

import (
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/taskexec/taskexec/apiserver/limit"
	"github.com/taskexec/taskexec/apiserver/web"
)

// Ration bounds how often one caller asks, reads and writes apart: a read comes from memory, a write becomes a write
// in etcd, and a pod. Where nobody is asked for a name (--auth=none) there is nobody to count for.
func (g *Guard) Ration(maxReads, maxWrites float64) func(http.Handler) http.Handler {
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

// tooMany tells a caller to come again.
func tooMany(wait time.Duration, format string, args ...any) *web.Problem {
	seconds := int(math.Ceil(wait.Seconds()))
	return &web.Problem{
		Status:     http.StatusTooManyRequests,
		Detail:     fmt.Sprintf(format, args...) + fmt.Sprintf("; come again in %d s", seconds),
		RetryAfter: seconds,
	}
}
