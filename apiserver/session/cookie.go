// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
)

const (
	// LongestSession is the longest time from a login to the end of its session.
	LongestSession = 12 * time.Hour
	// maxCookie is how many bytes browsers keep of a cookie: its name, value and attributes (RFC 6265, 6.1).
	maxCookie = 4096
	// cookieName is the name of the session's cookie. Over TLS it has the prefix __Host-, so that no other host, also of
	// the same domain, can set it.
	cookieName = "taskexec-session"
	hostPrefix = "__Host-"
)

// Cookies reads and writes the cookies of sessions.
type Cookies struct {
	Keys Keys
	// Now returns the time.
	Now func() time.Time
}

// CredentialOf returns the credential in the cookie of a request.
func (c Cookies) CredentialOf(r *http.Request) (credential access.Credential, found bool, err error) {
	cookie, err := r.Cookie(nameFor(r, cookieName))
	if err != nil {
		return credential, false, nil
	}
	s, err := c.Keys.open(forCookie, cookie.Value, c.Now())
	if errors.Is(err, errUnsealed) {
		return credential, false, nil
	}
	return access.Credential{Token: s.text, ForAPIServer: s.forAPIServer, FromCookie: true, Expires: s.expires}, err == nil, err
}

// cookie returns the cookie of a credential, and when its session ends. It returns a problem if the token is too large for
// a cookie.
func (c Cookies) cookie(r *http.Request, of access.Credential) (cookie *http.Cookie, expires time.Time, err error) {
	expires = endOf(of.Token, c.Now())
	value, err := c.Keys.seal(forCookie, sealed{expires, of.ForAPIServer, of.Token})
	if err != nil {
		return nil, expires, err
	}
	cookie = cookieFor(r, cookieName, value) //nolint:gosec // Secure is set where the request came over TLS
	cookie.MaxAge = max(1, int(expires.Sub(c.Now()).Seconds()))
	if n := len(cookie.String()); n > maxCookie {
		return nil, expires, web.Problemf(http.StatusBadRequest, "the token has %d bytes and makes a cookie of %d, and browsers keep %d; "+
			"log in with a smaller token (one with fewer groups or claims), or send this one in the header Authorization", len(of.Token), n, maxCookie)
	}
	return cookie, expires, nil
}

// Clear removes the session's cookie, if the request has sent one.
func (Cookies) Clear(w http.ResponseWriter, r *http.Request) { forget(w, r, cookieName) }

// forget removes a cookie that the request has sent.
func forget(w http.ResponseWriter, r *http.Request, name string) {
	if _, err := r.Cookie(nameFor(r, name)); err != nil {
		return
	}
	cookie := cookieFor(r, name, "") //nolint:gosec // Secure is set where the request came over TLS
	cookie.MaxAge = -1
	http.SetCookie(w, cookie)
}

// cookieFor returns a cookie that scripts cannot read and other sites cannot send.
func cookieFor(r *http.Request, name, value string) *http.Cookie {
	return &http.Cookie{Name: nameFor(r, name), Value: value, Path: "/", HttpOnly: true, Secure: isSecure(r), SameSite: http.SameSiteStrictMode} //nolint:gosec // Secure is set where the request came over TLS
}

// nameFor returns the name of a cookie for this request. Over TLS, a cookie without the prefix is not read: a neighbour
// host, or anybody on the way of a plain request, could have set it.
func nameFor(r *http.Request, name string) string {
	if isSecure(r) {
		return hostPrefix + name
	}
	return name
}

// isSecure reports whether the browser uses TLS. The facade itself serves plain HTTP behind a proxy, which says so in
// X-Forwarded-Proto. A client that makes the header up gets a cookie that its own browser does not keep, and nothing else.
func isSecure(r *http.Request) bool {
	proto, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	return r.TLS != nil || strings.EqualFold(strings.TrimSpace(proto), "https")
}

// endOf returns when the session of a token ends, in whole seconds. That is when the token expires, if it says so: a JSON
// Web Token does (RFC 7519). The token is known to be valid, so that its signature need not be checked again.
func endOf(token string, now time.Time) time.Time {
	end := now.Add(LongestSession)
	if parts := strings.Split(token, "."); len(parts) == 3 {
		var claims struct {
			Expires float64 `json:"exp"`
		}
		raw, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err == nil && json.Unmarshal(raw, &claims) == nil && claims.Expires > 0 && claims.Expires < float64(end.Unix()) {
			end = time.Unix(int64(claims.Expires), 0)
		}
	}
	return end.UTC().Truncate(time.Second)
}
