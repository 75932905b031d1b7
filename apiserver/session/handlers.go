// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"net/http"
	"strings"
	"time"

	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
)

// The values of Session.Auth.
const (
	authNone  = "none"
	authToken = "token"
	authOIDC  = "oidc"
)

// Session says who is logged in, and how callers log in.
type Session struct {
	// Auth is how callers log in: none means that nobody needs to, token with a token of Kubernetes, oidc with OpenID
	// Connect or a token.
	Auth string `json:"auth" jsonschema:"enum=none,enum=token,enum=oidc"`
	// User is the name of the user, absent if nobody is logged in.
	User string `json:"user,omitempty"`
	// ExpiresAt is when the session ends, absent if nobody is logged in or the request has a header Authorization.
	ExpiresAt *time.Time `json:"expiresAt,omitempty"`
	// LoginPath is where a browser goes to log in with OpenID Connect, absent if that is not possible.
	LoginPath string `json:"loginPath,omitempty"`
}

// loginRequest is a login: by a token or by the code of a login link.
type loginRequest struct {
	// Token is a token of Kubernetes.
	Token string `json:"token,omitempty" jsonschema:"maxLength=16384"`
	// Code is the code of a login link.
	Code string `json:"code,omitempty" jsonschema:"maxLength=16384"`
}

// maxCredential is the longest token or code in bytes. It is more than fits into a cookie, so that the answer can say so.
const maxCredential = 16 << 10

// Handlers logs callers in and out.
type Handlers struct {
	Cookies
	// Guard authenticates. Without a Gate nobody logs in.
	Guard *access.Guard
	// Codes remembers which codes of login links were used.
	Codes Codes
	// issuer is nil without OpenID Connect.
	issuer *issuer
}

// With returns handlers that also log in with OpenID Connect, if it has an issuer.
func (h Handlers) With(of OIDC) Handlers {
	h.issuer = newIssuer(of)
	return h
}

// Get answers who is logged in. It does not fail if nobody is.
func (h *Handlers) Get(w http.ResponseWriter, r *http.Request) error {
	answer := h.anonymous()
	if h.Guard.Gate == nil {
		return web.Reply(w, answer)
	}
	credential, err := h.Guard.CredentialOf(r)
	if err == nil {
		answer, err = h.sessionOf(w, r, credential)
	}
	if access.IsAnonymous(err) {
		w.Header().Del("WWW-Authenticate") // it belongs to 401
		h.Clear(w, r)
		answer, err = h.anonymous(), nil
	}
	if err != nil {
		return err
	}
	return web.Reply(w, answer)
}

// errNoLogin is the answer if everyone can do everything.
var errNoLogin = web.Problemf(http.StatusConflict, "nobody needs to log in here (--auth=none)")

// Create logs in: it checks a token, or the code of a login link, and sets the session's cookie.
func (h *Handlers) Create(w http.ResponseWriter, r *http.Request) error {
	if h.Guard.Gate == nil {
		return errNoLogin
	}
	if err := web.ReadBody(w, r); err != nil {
		return err
	}
	var request loginRequest
	if err := web.Decode(r, &request); err != nil {
		return err
	}
	switch token, code := request.Token, request.Code; {
	case (token == "") == (code == ""):
		return web.Problemf(http.StatusBadRequest, `send either a "token" or the "code" of a login link`)
	case len(token) > maxCredential, len(code) > maxCredential:
		return web.Problemf(http.StatusBadRequest, "the body has a text of more than %d bytes, which is no token", maxCredential)
	case strings.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c > '~' }):
		return web.Problemf(http.StatusBadRequest, `the "token" has blanks or other characters that no token has`)
	case token != "":
		return h.login(w, r, access.Credential{Token: token}, nil)
	default:
		return h.redeem(w, r, code)
	}
}

// login checks a credential, sets the cookie, and answers with the session. last, if not nil, is the last check.
func (h *Handlers) login(w http.ResponseWriter, r *http.Request, of access.Credential, last func() error) error {
	u, err := h.Guard.UserOf(w, r, of)
	if err != nil {
		return err
	}
	cookie, expires, err := h.cookie(r, of)
	if err == nil && last != nil {
		err = last()
	}
	if err != nil {
		return err
	}
	http.SetCookie(w, cookie)
	answer := h.anonymous()
	answer.User, answer.ExpiresAt = u.GetName(), &expires
	return web.Reply(w, answer)
}

// Delete logs out: the browser forgets the cookie. The token stays valid until it expires.
func (h *Handlers) Delete(w http.ResponseWriter, r *http.Request) error {
	h.Clear(w, r)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// sessionOf returns the session of a credential.
func (h *Handlers) sessionOf(w http.ResponseWriter, r *http.Request, of access.Credential) (Session, error) {
	u, err := h.Guard.UserOf(w, r, of)
	if err != nil {
		return Session{}, err
	}
	s := h.anonymous()
	s.User = u.GetName()
	if of.FromCookie {
		s.ExpiresAt = &of.Expires
	}
	return s, nil
}

// anonymous returns the session of nobody.
func (h *Handlers) anonymous() Session {
	switch {
	case h.Guard.Gate == nil:
		return Session{Auth: authNone}
	case h.issuer != nil:
		return Session{Auth: authOIDC, LoginPath: oidcPath}
	default:
		return Session{Auth: authToken}
	}
}
