// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"k8s.io/apiserver/pkg/authentication/user"

	"github.com/taskexec/taskexec/apiserver/auth"
	"github.com/taskexec/taskexec/apiserver/session"
)

// anIssuer is an issuer of OpenID Connect, with the authorization code flow and PKCE.
type anIssuer struct {
	*httptest.Server
	key *ecdsa.PrivateKey

	mu sync.Mutex
	// codes has the request for each code that was not exchanged.
	codes map[string]url.Values
	// change, if set, changes the claims of the next tokens. user is who logs in.
	change func(map[string]any)
	user   string
}

func newIssuer(t *testing.T) *anIssuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &anIssuer{key: key, codes: map[string]url.Values{}, user: "ann"}
	mux := http.NewServeMux()
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	answer := func(w http.ResponseWriter, value any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(value)
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{
			"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"ES256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "key", Algorithm: "ES256", Use: "sig"}}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		begun := i.codes[r.PostFormValue("code")]
		delete(i.codes, r.PostFormValue("code"))
		id, secret, _ := r.BasicAuth()
		digest := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
		if begun == nil || id != "taskexec" || secret != "s3cret" || r.PostFormValue("redirect_uri") != begun.Get("redirect_uri") ||
			base64.RawURLEncoding.EncodeToString(digest[:]) != begun.Get("code_challenge") {
			http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
			return
		}
		answer(w, map[string]any{"access_token": "opaque", "token_type": "Bearer", "id_token": i.token(begun.Get("nonce"))})
	})
	return i
}

// token returns an ID token.
func (i *anIssuer) token(nonce string) string {
	claims := map[string]any{"iss": i.URL, "aud": "taskexec", "sub": i.user, "nonce": nonce, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix()}
	if i.change != nil {
		i.change(claims)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: i.key, KeyID: "key"}}, nil)
	if err != nil {
		panic(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		panic(err)
	}
	return token
}

// authorize is a person who logs in at the issuer. It returns the path and query to which the browser is sent back.
func (i *anIssuer) authorize(t *testing.T, address string) string {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := parsed.Query()
	if !strings.HasPrefix(address, i.URL+"/authorize?") || q.Get("client_id") != "taskexec" || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" ||
		q.Get("scope") != "openid email" || q.Get("nonce") == "" || q.Get("state") == "" {
		t.Fatalf("the browser is sent to %s", address)
	}
	if got := q.Get("redirect_uri"); got != "https://example.com/session/oidc/callback" {
		t.Errorf("the issuer is to send the browser back to %s", got)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.codes["code-"+q.Get("state")] = q
	return "/session/oidc/callback?" + url.Values{"code": {"code-" + q.Get("state")}, "state": {q.Get("state")}}.Encode()
}

// oidcGate is an API server that accepts the issuer's ID tokens.
type oidcGate struct {
	*fakeGate
	issuer *anIssuer
}

func (g oidcGate) AuthenticateForAPIServer(_ context.Context, token string) (user.Info, error) {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	claims := jwt.Claims{}
	if err != nil || parsed.Claims(&g.issuer.key.PublicKey, &claims) != nil || g.rules[claims.Subject] == nil {
		return nil, auth.ErrBadToken
	}
	return &user.DefaultInfo{Name: claims.Subject}, nil
}

func oidcFacade(t *testing.T) (http.Handler, *anIssuer) {
	t.Helper()
	i := newIssuer(t)
	g := oidcGate{newFakeGate(map[string][]string{"ann": {"everything"}}), i}
	api := facadeFor(newFakeStore(), g, func(o *Options) {
		o.OIDC = session.OIDC{Issuer: i.URL, ClientID: "taskexec", ClientSecret: "s3cret", Scopes: []string{"email"}}
	})
	return headed(api, overTLS...), i
}

// begin begins a login and returns the cookie, and where the browser is sent.
func begin(t *testing.T, api http.Handler, query string) (*http.Cookie, string) {
	t.Helper()
	w := call(t, api, "GET", "/session/oidc"+query, "")
	if w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	cookie := cookieOf(t, w)
	if !strings.HasPrefix(cookie.Name, "__Host-") || !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteLaxMode || cookie.MaxAge > 600 {
		t.Errorf("%+v", cookie)
	}
	return cookie, w.Header().Get("Location")
}

func TestOIDCLogin(t *testing.T) {
	api, issuer := oidcFacade(t)
	if got := ok[session.Session](t, api, "GET", "/session", ""); got.Auth != "oidc" || got.LoginPath != "/session/oidc" {
		t.Errorf("before the login: %+v", got)
	}
	under, address := begin(t, api, "?return="+url.QueryEscape("/console/runs?status=failed"))
	w := call(t, api, "GET", issuer.authorize(t, address), "", with(under)...)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/console/runs?status=failed" {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	var cookie *http.Cookie
	for _, c := range (&http.Response{Header: w.Header()}).Cookies() {
		if c.MaxAge > 0 {
			cookie = c
		} else if c.Name != under.Name {
			t.Errorf("%+v is removed", c)
		}
	}
	if cookie == nil || cookie.SameSite != http.SameSiteStrictMode {
		t.Fatalf("the session's cookie: %+v", cookie)
	}
	if got := ok[session.Session](t, headed(api, with(cookie)...), "GET", "/session", ""); got.User != "ann" || got.ExpiresAt == nil {
		t.Errorf("%+v", got)
	}
	if w := call(t, api, "GET", "/tasks", "", with(cookie)...); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	// The ID token alone, in a header, must be for the facade's audience, as any token.
	wantProblem(t, call(t, api, "GET", "/tasks", "", bearing(issuer.token(""))...), http.StatusUnauthorized, "not valid here")
}

func TestOIDCLoginsThatFail(t *testing.T) {
	for name, c := range map[string]struct {
		word string
		// change changes the issuer, and the path to which the browser is sent back.
		issuer func(*anIssuer)
		back   func(string) string
		cookie bool
	}{
		"the person says no":    {"denied", nil, func(string) string { return "/session/oidc/callback?error=access_denied&state=" }, true},
		"the issuer fails":      {"failed", nil, func(string) string { return "/session/oidc/callback?error=server_error&state=" }, true},
		"another browser":       {"expired", nil, nil, false},
		"another login":         {"expired", nil, func(p string) string { return p + "x" }, true},
		"a made-up code":        {"failed", nil, func(p string) string { return strings.Replace(p, "code=", "code=x", 1) }, true},
		"another audience":      {"failed", func(i *anIssuer) { i.change = func(c map[string]any) { c["aud"] = "other" } }, nil, true},
		"another issuer":        {"failed", func(i *anIssuer) { i.change = func(c map[string]any) { c["iss"] = "https://evil.example" } }, nil, true},
		"another nonce":         {"failed", func(i *anIssuer) { i.change = func(c map[string]any) { c["nonce"] = "other" } }, nil, true},
		"expired":               {"failed", func(i *anIssuer) { i.change = func(c map[string]any) { c["exp"] = 1 } }, nil, true},
		"another key":           {"failed", func(i *anIssuer) { i.key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }, nil, true},
		"unknown to Kubernetes": {"refused", func(i *anIssuer) { i.user = "bob" }, nil, true},
		"too large":             {"too-large", func(i *anIssuer) { i.change = func(c map[string]any) { c["groups"] = noise("", 6000) } }, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			api, issuer := oidcFacade(t)
			cookie, address := begin(t, api, "")
			if c.issuer != nil {
				c.issuer(issuer)
			}
			path := issuer.authorize(t, address)
			if c.back != nil {
				state := path[strings.Index(path, "state=")+len("state="):]
				if path = c.back(path); strings.HasSuffix(path, "state=") {
					path += state
				}
			}
			var headers []string
			if c.cookie {
				headers = with(cookie)
			}
			w := call(t, api, "GET", path, "", headers...)
			if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != "/console/#login-error="+c.word {
				t.Errorf("%d, to %s", w.Code, got)
			}
			for _, set := range (&http.Response{Header: w.Header()}).Cookies() {
				if set.MaxAge >= 0 {
					t.Errorf("%+v is set all the same", set)
				}
			}
		})
	}
	api, issuer := oidcFacade(t)
	for _, back := range []string{"https://evil.example/console/", "//evil.example/console/", "/tasks", "/console/../tasks", "/console\\..", "/console/\n", "console/", "javascript:alert(1)"} {
		wantProblem(t, call(t, api, "GET", "/session/oidc?return="+url.QueryEscape(back), ""), http.StatusBadRequest, "want a path below /console/")
	}
	issuer.Close()
	api, issuer = oidcFacade(t)
	issuer.Close()
	if w := call(t, api, "GET", "/session/oidc", ""); w.Header().Get("Location") != "/console/#login-error=failed" {
		t.Errorf("without an issuer: %d %v", w.Code, w.Header())
	}
	for _, path := range []string{"/session/oidc", "/session/oidc/callback"} {
		wantProblem(t, call(t, facade(newFakeStore()), "GET", path, ""), http.StatusNotFound, "--oidc-issuer")
	}
}
