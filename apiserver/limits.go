package apiserver

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/taskexec/taskexec/apiserver/limit"
)

// inFlightRetry in seconds, when too many requests are being served.
const inFlightRetry = 1

type placeKey struct{}

// inFlight bounds how many requests are served at once, before anything is asked or read for them. Probes and metrics
// are not counted: who is busy is not ill, and should be seen to be busy.
func (s *server) inFlight(most int) func(http.Handler) http.Handler {
	places, platform := make(chan struct{}, most), s.platformPaths(func(platformRoute) bool { return true })
	return func(next http.Handler) http.Handler {
		return handler(func(w http.ResponseWriter, r *http.Request) error {
			if slices.Contains(platform, r.URL.Path) {
				next.ServeHTTP(w, r)
				return nil
			}
			select {
			case places <- struct{}{}:
			default:
				s.metrics.limit("inFlight")
				p := problemf(http.StatusTooManyRequests, "%d requests are being served already (--max-requests-in-flight)", most)
				p.retryAfter = inFlightRetry
				return p
			}
			s.metrics.inFlight.Inc()
			back := sync.OnceFunc(func() {
				s.metrics.inFlight.Dec()
				<-places
			})
			defer back()
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), placeKey{}, back)))
			return nil
		})
	}
}

// givePlaceBack is for a request that is known to last.
func givePlaceBack(ctx context.Context) {
	if back, ok := ctx.Value(placeKey{}).(func()); ok {
		back()
	}
}

// ration bounds how often one caller asks, reads and writes apart: a read comes from memory, a write becomes a write
// in etcd, and a pod. Where nobody is asked for a name (--auth=none) there is nobody to count for.
func (s *server) ration(o Options) func(http.Handler) http.Handler {
	reads, writes := limit.New(o.MaxReads), limit.New(o.MaxWrites)
	return func(next http.Handler) http.Handler {
		return handler(func(w http.ResponseWriter, r *http.Request) error {
			user := callerOf(r.Context()).name()
			each, kind := writes, "writes"
			if r.Method == http.MethodGet || r.Method == http.MethodHead {
				each, kind = reads, "reads"
			}
			if user != "" {
				if wait := each.Take(user, time.Now()); wait > 0 {
					s.metrics.limit(kind)
					return tooMany(wait, "%q sent too many %s (--max-%s-per-second)", user, kind, kind)
				}
			}
			next.ServeHTTP(w, r)
			return nil
		})
	}
}

// tooMany tells a caller to come again.
func tooMany(wait time.Duration, format string, args ...any) *problem {
	seconds := int(math.Ceil(wait.Seconds()))
	return &problem{
		Status:     http.StatusTooManyRequests,
		Detail:     fmt.Sprintf(format, args...) + fmt.Sprintf("; come again in %d s", seconds),
		retryAfter: seconds,
	}
}
