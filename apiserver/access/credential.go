// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"k8s.io/apiserver/pkg/authentication/user"

	"github.com/taskexec/taskexec/apiserver/web"
)

// Credential is the token of a request, from a header or from the cookie of a logged-in browser.
type Credential struct {
	Token string
	// ForAPIServer says that the token is for the API server. The facade has checked itself that it was made for a
	// login here.
	ForAPIServer bool
	// FromCookie says that the token comes from a cookie, and Expires is when the cookie's session ends.
	FromCookie bool
	Expires    time.Time
}

// Sessions reads the cookies of logged-in browsers.
type Sessions interface {
	// CredentialOf returns the credential in the cookie of a request. found is false without a cookie, and for one that is
	// not valid or no longer valid. The error is the answer to the request.
	CredentialOf(r *http.Request) (credential Credential, found bool, err error)
	// Clear removes the cookie that the request has sent, if any.
	Clear(w http.ResponseWriter, r *http.Request)
}

var (
	errNoToken   = errors.New("a token is required: send the header Authorization: Bearer <token>")
	errBadHeader = errors.New("the header Authorization must be sent once, as Bearer <token>")
	errOtherSite = web.Problemf(http.StatusForbidden, "the request was sent by a page of another site, and a cookie does not authorise that")
)

// CredentialOf returns the credential of a request. A header wins over a cookie. The error says what is wrong with the
// request; see rejected.
func (g *Guard) CredentialOf(r *http.Request) (Credential, error) {
	if len(r.Header.Values("Authorization")) > 0 || g.Sessions == nil {
		token, err := bearerToken(r.Header)
		return Credential{Token: token}, err
	}
	credential, found, err := g.Sessions.CredentialOf(r)
	switch {
	case err != nil:
		return Credential{}, err
	case !found:
		return Credential{}, errNoToken
	case fromOtherSite(r):
		return Credential{}, errOtherSite
	}
	return credential, nil
}

// UserOf returns the user of a credential. The error is the answer to the request: 401 if the token is not valid, which
// counts against the address of the client.
func (g *Guard) UserOf(w http.ResponseWriter, r *http.Request, of Credential) (user.Info, error) {
	return g.callers.user(w, r, of)
}

// Failed counts a failed login against the address of the client. It returns the refusal, or 429 after too many.
func (g *Guard) Failed(r *http.Request, refusal *web.Problem) error {
	address := addressOf(r.RemoteAddr)
	if wait := g.callers.failures.Take(address, time.Now()); wait > 0 {
		g.Metrics.Limit("failures")
		return tooMany(wait, "too many failed logins from %s (--max-failures-per-second)", address)
	}
	return refusal
}

// rejected returns the answer to a request that was not authenticated. It removes a cookie that is of no use.
func (g *Guard) rejected(w http.ResponseWriter, r *http.Request, err error) error {
	if hasNoToken(err) {
		err = unknown(w, "", err.Error())
	}
	if g.Sessions != nil && web.ProblemOf(err).Status == http.StatusUnauthorized {
		g.Sessions.Clear(w, r)
	}
	return err
}

// IsAnonymous reports whether an error of CredentialOf or UserOf means that nobody is logged in.
func IsAnonymous(err error) bool {
	return hasNoToken(err) || web.ProblemOf(err).Status == http.StatusUnauthorized
}

func hasNoToken(err error) bool { return errors.Is(err, errNoToken) || errors.Is(err, errBadHeader) }

// bearerToken returns the bearer token of a request (RFC 6750).
func bearerToken(header http.Header) (string, error) {
	values := header.Values("Authorization")
	if len(values) == 0 {
		return "", errNoToken
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" || strings.ContainsAny(token, " \t") {
		return "", errBadHeader
	}
	return token, nil
}

// fromOtherSite reports whether a browser says that a page of another site sent a request, or caused it. The cookie is
// SameSite=Strict, so browsers should not send it then. Writes are also checked by web.Protect, for all callers.
// https://www.w3.org/TR/fetch-metadata/
func fromOtherSite(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none": // none: the person entered the address
		return false
	case "":
		origin := r.Header.Get("Origin")
		parsed, err := url.Parse(origin)
		return origin != "" && (err != nil || parsed.Host != r.Host)
	default:
		return true
	}
}

// review asks who the user of a credential is.
func (c Credential) review(ctx context.Context, gate Gate) (user.Info, error) {
	if c.ForAPIServer {
		return gate.AuthenticateForAPIServer(ctx, c.Token)
	}
	return gate.Authenticate(ctx, c.Token)
}

// isOver reports whether the session of a cookie has ended.
func (c Credential) isOver(now time.Time) bool { return c.FromCookie && !now.Before(c.Expires) }
