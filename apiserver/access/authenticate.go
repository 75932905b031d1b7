// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/utils/lru"

	"github.com/taskexec/taskexec/apiserver/auth"
	"github.com/taskexec/taskexec/apiserver/limit"
	"github.com/taskexec/taskexec/apiserver/web"
)

// PathMetrics is the only path that accepts a token for the API server, because Prometheus has such a token.
const PathMetrics = "/metrics"

// maxKnownTokens bounds how many tokens are remembered as valid.
const maxKnownTokens = 4096

const (
	// ReviewsAtOnce is how many unknown tokens of one address are reviewed at once.
	ReviewsAtOnce = 16
	// reviewPatience is how long a token waits for its review.
	reviewPatience = 5 * time.Second
)

// authenticator finds out who sent a request.
type authenticator struct {
	Gate
	audiences []string
	// failures limits the invalid tokens of each address.
	failures *limit.Rates
	// reviews limits the reviews of unknown tokens of each address. pause is the time between two reviews for an
	// address that has no failures left.
	reviews *limit.Semaphores
	pause   time.Duration
	// known has the hashes of tokens that were valid, so that guesses do not lock out other clients of the same
	// address.
	known   *lru.Cache
	limited func(limit string)
}

// Authenticate rejects requests of unknown callers, except on open paths. They do not even learn which paths exist.
func (g *Guard) Authenticate(audiences []string, maxFailures float64, open []string) func(http.Handler) http.Handler {
	if g.Gate == nil {
		return func(next http.Handler) http.Handler { return next }
	}
	g.callers = &authenticator{
		Gate: g.Gate, audiences: audiences, failures: limit.New(maxFailures), known: lru.New(maxKnownTokens), limited: g.Metrics.Limit,
		reviews: limit.NewSemaphores(ReviewsAtOnce),
	}
	if maxFailures > 0 {
		g.callers.pause = time.Duration(ReviewsAtOnce * float64(time.Second) / maxFailures)
	}
	return func(next http.Handler) http.Handler {
		return web.Handler(func(w http.ResponseWriter, r *http.Request) error {
			if slices.Contains(open, r.URL.Path) {
				next.ServeHTTP(w, r)
				return nil
			}
			credential, err := g.CredentialOf(r)
			if err != nil {
				return g.rejected(w, r, err)
			}
			u, err := g.UserOf(w, r, credential)
			if err != nil {
				return g.rejected(w, r, err)
			}
			r.Header.Del("Authorization") // no later handler needs it
			r.Header.Del("Cookie")
			c := CallerOf(r.Context())
			c.User, c.Credential = u, credential
			ctx := logr.NewContext(r.Context(), logr.FromContextOrDiscard(r.Context()).WithValues("user", u.GetName()))
			next.ServeHTTP(w, r.WithContext(ctx))
			return nil
		})
	}
}

// user returns the user of a credential. Invalid tokens are counted by address. An address is never locked out, because many
// clients can share one (that of a proxy). Tokens that were valid before are reviewed at once. So are tokens that the
// cluster signed, because nobody can guess one. Others wait for their turn. After too many invalid tokens, a turn lasts
// until another failure is allowed.
func (a *authenticator) user(w http.ResponseWriter, r *http.Request, of Credential) (user.Info, error) {
	address, hash := addressOf(r.RemoteAddr), sha256.Sum256([]byte(of.Token))
	done := func() {} // a token that was valid before, or that the cluster signed, takes no turn
	if _, known := a.known.Get(hash); !known && !a.Issued(r.Context(), of.Token) {
		ctx, cancel := context.WithTimeout(r.Context(), reviewPatience)
		defer cancel()
		var err error
		if done, err = a.reviews.Acquire(ctx, address); err != nil {
			a.limited("failures")
			return nil, tooMany(reviewPatience, "too many unknown tokens from %s at once", address)
		}
	}
	u, err := a.review(r, of)
	wait := time.Duration(0)
	if errors.Is(err, auth.ErrBadToken) {
		wait = a.failures.Take(address, time.Now())
	}
	if wait > 0 {
		time.AfterFunc(a.pause, done)
		a.limited("failures")
		return nil, tooMany(wait, "too many invalid tokens from %s (--max-failures-per-second)", address)
	}
	done()
	switch {
	case errors.Is(err, auth.ErrBadToken):
		return nil, unknown(w, "invalid_token", "the token is not valid here: it is unknown, expired, or not for this API"+a.wanted())
	case err != nil:
		return nil, cannotAsk(err)
	}
	a.known.Add(hash, nil)
	return u, nil
}

func (a *authenticator) review(r *http.Request, of Credential) (user.Info, error) {
	u, err := of.review(r.Context(), a.Gate)
	if errors.Is(err, auth.ErrBadToken) && r.URL.Path == PathMetrics {
		return a.AuthenticateForAPIServer(r.Context(), of.Token)
	}
	return u, err
}

// wanted returns a clause that says for which audiences a token must be.
func (a *authenticator) wanted() string {
	if len(a.audiences) == 0 {
		return ""
	}
	return fmt.Sprintf(" (audience %s)", strings.Join(a.audiences, " or "))
}

// unknown answers 401 and asks for a token. code is the error code of RFC 6750, empty if no token was sent.
func unknown(w http.ResponseWriter, code, detail string) *web.Problem {
	challenge := `Bearer realm="taskexec"`
	if code != "" {
		challenge += fmt.Sprintf(", error=%q", code)
	}
	w.Header().Set("WWW-Authenticate", challenge)
	return web.Problemf(http.StatusUnauthorized, "%s", detail)
}

// cannotAsk answers a request whose rights could not be checked. The cause is only in the log, because the caller may
// be anyone.
func cannotAsk(err error) error {
	return fmt.Errorf("%w (%w)", web.Unavailable("cannot check the token and its rights, because Kubernetes does not answer; try again"), err)
}

// addressOf returns the address of a client without the port. For IPv6 it is the /64 network, because one machine can
// use all of its addresses.
func addressOf(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if address = address.Unmap().WithZone(""); address.Is6() {
		return netip.PrefixFrom(address, 64).Masked().String()
	}
	return address.String()
}
