// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-logr/logr"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
)

// OIDC are the settings of the login with OpenID Connect: the authorization code flow with PKCE.
type OIDC struct {
	// Issuer is the URL of the issuer. If it is empty, nobody logs in with OpenID Connect.
	Issuer string
	// ClientID and ClientSecret are those of the facade at the issuer. A public client has no secret.
	ClientID, ClientSecret string
	// Scopes are requested besides openid.
	Scopes []string
	// RedirectURL is the address of the callback as the issuer knows it. If it is empty, it is made from the host of the
	// request.
	RedirectURL string
}

const (
	oidcPath     = "/session/oidc"
	callbackPath = oidcPath + "/callback"
	consolePath  = "/console/"
	// flowCookie is the name of the cookie of a login that is under way, and flowLife how long that may take.
	flowCookie = "taskexec-login"
	flowLife   = 10 * time.Minute
	forFlow    = purpose("login under way")
	// issuerPatience bounds each request to the issuer.
	issuerPatience = 10 * time.Second
)

// The words that tell the console why a login failed.
const (
	failDenied   = "denied"
	failExpired  = "expired"
	failFailed   = "failed"
	failRefused  = "refused"
	failTooLarge = "too-large"
	failBusy     = "busy"
)

// flow is a login that is under way. The browser keeps it sealed.
type flow struct {
	// State and Nonce tie the answer of the issuer to this browser. Verifier is that of PKCE (RFC 7636).
	State, Nonce, Verifier string
	// Return is where the browser goes after the login.
	Return string
}

// issuer is the issuer of OpenID Connect. It is asked for its configuration at the first login.
type issuer struct {
	OIDC
	client *http.Client

	// known is set once the issuer has answered. Until then, logins at the same time ask it together.
	known atomic.Pointer[oidc.Provider]
	asked singleflight.Group
}

func newIssuer(of OIDC) *issuer {
	if of.Issuer == "" {
		return nil
	}
	return &issuer{OIDC: of, client: &http.Client{Timeout: issuerPatience}}
}

// provider returns the issuer's configuration and keys. It waits until ctx ends, or the issuer has had issuerPatience.
func (i *issuer) provider(ctx context.Context) (*oidc.Provider, error) {
	if known := i.known.Load(); known != nil {
		return known, nil
	}
	answer := i.asked.DoChan("", func() (any, error) {
		// The provider outlives the request, because it reads new keys with this context. The client bounds each of its
		// requests.
		known, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), i.client), i.Issuer)
		if err == nil {
			i.known.Store(known)
		}
		return nil, err
	})
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("reading the configuration of the issuer (--oidc-issuer): %w", ctx.Err())
	case got := <-answer:
		if got.Err != nil {
			return nil, fmt.Errorf("reading the configuration of the issuer (--oidc-issuer): %w", got.Err)
		}
		return i.known.Load(), nil
	}
}

// config returns the client's configuration for a request.
func (i *issuer) config(r *http.Request, provider *oidc.Provider) *oauth2.Config {
	redirect := i.RedirectURL
	if redirect == "" {
		scheme := "http"
		if isSecure(r) {
			scheme = "https"
		}
		redirect = scheme + "://" + r.Host + callbackPath
	}
	return &oauth2.Config{ClientID: i.ClientID, ClientSecret: i.ClientSecret, Endpoint: provider.Endpoint(), RedirectURL: redirect, Scopes: append([]string{oidc.ScopeOpenID}, i.Scopes...)}
}

// errNoOIDC is the answer without an issuer, and if everyone can do everything.
var errNoOIDC = web.Problemf(http.StatusNotFound, "there is no login with OpenID Connect here (--oidc-issuer)")

// BeginOIDC sends the browser to the issuer.
func (h *Handlers) BeginOIDC(w http.ResponseWriter, r *http.Request) error {
	if h.issuer == nil || h.Guard.Gate == nil {
		return errNoOIDC
	}
	back, err := returnPath(r.URL.Query().Get("return"))
	if err != nil {
		return err
	}
	provider, err := h.issuer.provider(r.Context())
	if err != nil {
		return h.failed(w, r, failFailed, err)
	}
	begun := flow{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Return: back}
	raw, err := json.Marshal(begun)
	if err != nil {
		return err
	}
	value, err := h.Keys.seal(forFlow, sealed{expires: h.Now().Add(flowLife), text: string(raw)})
	if err != nil {
		return err
	}
	cookie := cookieFor(r, flowCookie, value) //nolint:gosec // Secure is set where the request came over TLS
	cookie.MaxAge = int(flowLife.Seconds())
	cookie.SameSite = http.SameSiteLaxMode // the issuer, another site, sends the browser back
	http.SetCookie(w, cookie)
	seeOther(w, h.issuer.config(r, provider).AuthCodeURL(begun.State, oidc.Nonce(begun.Nonce), oauth2.S256ChallengeOption(begun.Verifier)))
	return nil
}

// EndOIDC logs in when the issuer sends the browser back.
func (h *Handlers) EndOIDC(w http.ResponseWriter, r *http.Request) error {
	if h.issuer == nil || h.Guard.Gate == nil {
		return errNoOIDC
	}
	begun, err := h.flowOf(r)
	forget(w, r, flowCookie)
	query := r.URL.Query()
	switch {
	case err != nil:
		return h.failed(w, r, failExpired, err)
	case query.Get("error") == "access_denied":
		return h.failed(w, r, failDenied, errors.New("the issuer refused the login"))
	case query.Get("error") != "" || query.Get("code") == "":
		return h.failed(w, r, failFailed, fmt.Errorf("the issuer answers %q", query.Get("error")))
	}
	token, err := h.issuer.exchange(r, begun, query.Get("code"))
	if err != nil {
		if limited := h.Guard.Failed(r, web.Problemf(http.StatusUnauthorized, "the login failed")); web.ProblemOf(limited).Status == http.StatusTooManyRequests {
			return h.failed(w, r, failBusy, err)
		}
		return h.failed(w, r, failFailed, err)
	}
	of := access.Credential{Token: token, ForAPIServer: true}
	if _, err := h.Guard.UserOf(w, r, of); err != nil {
		w.Header().Del("WWW-Authenticate")
		if web.ProblemOf(err).Status == http.StatusUnauthorized {
			return h.failed(w, r, failRefused, err)
		}
		return h.failed(w, r, failBusy, err)
	}
	cookie, _, err := h.cookie(r, of)
	if err != nil {
		return h.failed(w, r, failTooLarge, err)
	}
	http.SetCookie(w, cookie)
	seeOther(w, begun.Return)
	return nil
}

// flowOf returns the login that the browser has begun.
func (h *Handlers) flowOf(r *http.Request) (begun flow, err error) {
	cookie, err := r.Cookie(nameFor(r, flowCookie))
	if err != nil {
		return begun, errors.New("the browser has begun no login, or too long ago")
	}
	s, err := h.Keys.open(forFlow, cookie.Value, h.Now())
	if err == nil {
		err = json.Unmarshal([]byte(s.text), &begun)
	}
	if err == nil && subtle.ConstantTimeCompare([]byte(begun.State), []byte(r.URL.Query().Get("state"))) != 1 {
		err = errors.New("the answer of the issuer belongs to another login")
	}
	return begun, err
}

// exchange returns the ID token for a code, after it was checked: its signature, issuer, audience, expiry and nonce.
func (i *issuer) exchange(r *http.Request, begun flow, code string) (string, error) {
	provider, err := i.provider(r.Context())
	if err != nil {
		return "", err
	}
	ctx := oidc.ClientContext(r.Context(), i.client)
	tokens, err := i.config(r, provider).Exchange(ctx, code, oauth2.VerifierOption(begun.Verifier))
	if err != nil {
		return "", fmt.Errorf("exchanging the code: %w", err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	verified, err := provider.Verifier(&oidc.Config{ClientID: i.ClientID}).Verify(ctx, raw)
	if err != nil {
		return "", fmt.Errorf("checking the ID token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(verified.Nonce), []byte(begun.Nonce)) != 1 {
		return "", errors.New("the ID token belongs to another login")
	}
	return raw, nil
}

// failed sends the browser to the console with a word that says why the login failed. The log has the cause.
func (h *Handlers) failed(w http.ResponseWriter, r *http.Request, word string, cause error) error {
	logr.FromContextOrDiscard(r.Context()).Info("A login with OpenID Connect failed", "reason", word, "cause", cause.Error())
	seeOther(w, consolePath+"#login-error="+word)
	return nil
}

// seeOther sends the browser to another address.
func seeOther(w http.ResponseWriter, address string) {
	w.Header().Set("Location", address)
	w.WriteHeader(http.StatusSeeOther)
}

// returnPath checks where to go after a login: a path of the console, and nothing that a browser takes for another host.
func returnPath(text string) (string, error) {
	if text == "" {
		return consolePath, nil
	}
	parsed, err := url.Parse(text)
	if err != nil || parsed.IsAbs() || parsed.Host != "" || !strings.HasPrefix(parsed.Path, consolePath) || strings.Contains(parsed.Path, "..") ||
		strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c == '\\' || c > '~' }) {
		return "", web.Problemf(http.StatusBadRequest, "the parameter return is %q, want a path below %s", text, consolePath)
	}
	return text, nil
}
