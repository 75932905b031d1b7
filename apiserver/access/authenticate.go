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

// PathMetrics is the one path where a token for the API server will do, because that is what a Prometheus has.
const PathMetrics = "/metrics"

// maxKnownTokens is of how many tokens it is remembered that they were valid once.
const maxKnownTokens = 4096

const (
	// ReviewsAtOnce is how many unknown tokens of one address are asked about at once.
	ReviewsAtOnce = 16
	// reviewPatience is how long one waits for its turn.
	reviewPatience = 5 * time.Second
)

// authenticator finds out who sent a request.
type authenticator struct {
	Gate
	audiences []string
	// failures of each address.
	failures *limit.Each
	// reviews of tokens that were not valid before, for each address, and pause the time between those of an address
	// that has no failures left.
	reviews *limit.Turns
	pause   time.Duration
	// known has the hashes of tokens that were valid: who guesses must not shut out others at the same address.
	known   *lru.Cache
	limited func(limit string)
}

// Authenticate lets nobody through who is not known, but for paths that are open: not even to learn what there is.
func (g *Guard) Authenticate(audiences []string, maxFailures float64, open []string) func(http.Handler) http.Handler {
	if g.Gate == nil {
		return func(next http.Handler) http.Handler { return next }
	}
	a := &authenticator{
		Gate: g.Gate, audiences: audiences, failures: limit.New(maxFailures), known: lru.New(maxKnownTokens), limited: g.Metrics.Limit,
		reviews: limit.NewTurns(ReviewsAtOnce),
	}
	if maxFailures > 0 {
		a.pause = time.Duration(ReviewsAtOnce * float64(time.Second) / maxFailures)
	}
	return func(next http.Handler) http.Handler {
		return web.Handler(func(w http.ResponseWriter, r *http.Request) error {
			if slices.Contains(open, r.URL.Path) {
				next.ServeHTTP(w, r)
				return nil
			}
			token, err := bearerToken(r.Header)
			if err != nil {
				return a.unknown(w, "", err.Error())
			}
			u, err := a.user(w, r, token)
			if err != nil {
				return err
			}
			r.Header.Del("Authorization") // nothing that comes after has to have it
			c := CallerOf(r.Context())
			c.User, c.Token = u, token
			ctx := logr.NewContext(r.Context(), logr.FromContextOrDiscard(r.Context()).WithValues("user", u.GetName()))
			next.ServeHTTP(w, r.WithContext(ctx))
			return nil
		})
	}
}

// bearerToken of a request, as RFC 6750 has it.
func bearerToken(header http.Header) (string, error) {
	values := header.Values("Authorization")
	if len(values) == 0 {
		return "", errors.New("a token is required: send the header Authorization: Bearer <token>")
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" || strings.ContainsAny(token, " \t") {
		return "", errors.New("the header Authorization must be sent once, as Bearer <token>")
	}
	return token, nil
}

// user of a token. A token that is not valid counts for the address that it came from. Many clients may have one
// address (a proxy's), so that an address is never shut out: tokens that were valid before are taken at once, and so are
// those that the cluster signed, because nobody can guess one. Others are taken in turn. Where there were too many that
// are not valid, a turn lasts until there may be another.
func (a *authenticator) user(w http.ResponseWriter, r *http.Request, token string) (user.Info, error) {
	address, hash := addressOf(r.RemoteAddr), sha256.Sum256([]byte(token))
	done := func() {} // a token that was valid before, or that the cluster signed, takes no turn
	if _, known := a.known.Get(hash); !known && !a.Issued(r.Context(), token) {
		ctx, cancel := context.WithTimeout(r.Context(), reviewPatience)
		defer cancel()
		var err error
		if done, err = a.reviews.Take(ctx, address); err != nil {
			a.limited("failures")
			return nil, tooMany(reviewPatience, "too many tokens that are not known yet came from %s", address)
		}
	}
	u, err := a.review(r, token)
	wait := time.Duration(0)
	if errors.Is(err, auth.ErrBadToken) {
		wait = a.failures.Take(address, time.Now())
	}
	if wait > 0 {
		time.AfterFunc(a.pause, done)
		a.limited("failures")
		return nil, tooMany(wait, "too many tokens that are not valid came from %s (--max-failures-per-second)", address)
	}
	done()
	switch {
	case errors.Is(err, auth.ErrBadToken):
		return nil, a.unknown(w, "invalid_token", "the token is not valid here: it is unknown, expired, or made for something else"+a.wanted())
	case err != nil:
		return nil, cannotAsk(err)
	}
	a.known.Add(hash, nil)
	return u, nil
}

func (a *authenticator) review(r *http.Request, token string) (user.Info, error) {
	u, err := a.Authenticate(r.Context(), token)
	if errors.Is(err, auth.ErrBadToken) && r.URL.Path == PathMetrics {
		return a.AuthenticateForAPIServer(r.Context(), token)
	}
	return u, err
}

// wanted says what a token must be made for.
func (a *authenticator) wanted() string {
	if len(a.audiences) == 0 {
		return ""
	}
	return fmt.Sprintf(" than the audience %s", strings.Join(a.audiences, " or "))
}

// unknown asks for a token; code is that of RFC 6750, empty when none was sent.
func (a *authenticator) unknown(w http.ResponseWriter, code, detail string) *web.Problem {
	challenge := `Bearer realm="taskexec"`
	if code != "" {
		challenge += fmt.Sprintf(", error=%q", code)
	}
	w.Header().Set("WWW-Authenticate", challenge)
	return web.Problemf(http.StatusUnauthorized, "%s", detail)
}

// cannotAsk answers a request of which Kubernetes could not say whether it is allowed. What was the matter stands in
// the log: the caller may be anyone.
func cannotAsk(err error) error {
	return fmt.Errorf("%w (%w)", web.Unavailable("Kubernetes cannot be asked who you are and what you may do; try again"), err)
}

// addressOf a client, without its port. Of IPv6 it is the network, of which one machine has all addresses.
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
