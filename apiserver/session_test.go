// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/session"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// overTLS are the headers of a request that a proxy took over TLS.
var overTLS = []string{"X-Forwarded-Proto", "https"}

// login logs in with a token and returns the cookie.
func login(t *testing.T, api http.Handler, token string, headers ...string) *http.Cookie {
	t.Helper()
	w := call(t, api, "POST", "/session", `{"token":"`+token+`"}`, headers...)
	if w.Code != http.StatusOK {
		t.Fatalf("logging in: %d %s", w.Code, w.Body)
	}
	return cookieOf(t, w)
}

// cookieOf returns the only cookie that an answer sets.
func cookieOf(t *testing.T, w *httptest.ResponseRecorder) *http.Cookie {
	t.Helper()
	cookies := (&http.Response{Header: w.Header()}).Cookies()
	if len(cookies) != 1 {
		t.Fatalf("%d cookies in %v", len(cookies), w.Header())
	}
	return cookies[0]
}

// with returns headers with a cookie.
func with(cookie *http.Cookie, headers ...string) []string {
	return append([]string{"Cookie", cookie.Name + "=" + cookie.Value}, headers...)
}

// expiring returns a token of ann with the claim exp.
func expiring(at time.Time) string {
	return "ann." + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"exp":%d}`, at.Unix())) + ".sig"
}

func sessionOf(t *testing.T, w *httptest.ResponseRecorder) (s session.Session) {
	t.Helper()
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestABrowserLogsInAndOut(t *testing.T) {
	log := &logged{}
	api := facadeFor(newFakeStore(fixture.Task("sync")), newFakeGate(map[string][]string{"ann": {"everything"}, "bob": {"nothing"}}), func(o *Options) { o.Log = log.logger() })
	if got := sessionOf(t, call(t, api, "GET", "/session", "")); got.User != "" || got.ExpiresAt != nil || got.Auth != "token" {
		t.Errorf("before a login: %+v", got)
	}
	end := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	token := expiring(end)
	for name, c := range map[string]struct {
		headers []string
		cookie  string
		secure  bool
	}{
		"plain":              {nil, "taskexec-session", false},
		"TLS":                {overTLS, "__Host-taskexec-session", true},
		"TLS and then plain": {[]string{"X-Forwarded-Proto", "https, http"}, "__Host-taskexec-session", true},
		"plain and then TLS": {[]string{"X-Forwarded-Proto", "http, https"}, "taskexec-session", false},
	} {
		t.Run(name, func(t *testing.T) {
			cookie := login(t, api, token, c.headers...)
			if cookie.Name != c.cookie || cookie.Secure != c.secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" || cookie.Domain != "" ||
				cookie.MaxAge < 3590 || cookie.MaxAge > 3600 {
				t.Errorf("%+v", cookie)
			}
			if strings.Contains(cookie.Value, token) || strings.Contains(log.String(), cookie.Value) {
				t.Error("the token or the cookie shows")
			}
			if got := ok[[]wire.Task](t, headed(api, with(cookie, c.headers...)...), "GET", "/tasks", ""); len(got) != 1 {
				t.Errorf("with the cookie: %+v", got)
			}
			if w := call(t, api, "POST", "/tasks/sync/execute/api", "{}", with(cookie, append(c.headers, "Sec-Fetch-Site", "same-origin")...)...); w.Code != http.StatusOK {
				t.Errorf("a write with the cookie: %d %s", w.Code, w.Body)
			}
			got := sessionOf(t, call(t, api, "GET", "/session", "", with(cookie, c.headers...)...))
			if got.User != "ann" || got.ExpiresAt == nil || !got.ExpiresAt.Equal(end) {
				t.Errorf("%+v", got)
			}
			// A header wins, also one that is not valid.
			wantProblem(t, call(t, api, "GET", "/tasks", "", append(with(cookie, c.headers...), bearing("bob")...)...), http.StatusForbidden, `"bob" may not`)
			wantProblem(t, call(t, api, "GET", "/tasks", "", append(with(cookie, c.headers...), bearing("nobody")...)...), http.StatusUnauthorized, "not valid here")
			w := call(t, api, "DELETE", "/session", "", with(cookie, c.headers...)...)
			if gone := cookieOf(t, w); w.Code != http.StatusNoContent || gone.Name != c.cookie || gone.MaxAge >= 0 || gone.Value != "" {
				t.Errorf("%d %+v", w.Code, gone)
			}
		})
	}
	if w := call(t, api, "DELETE", "/session", ""); w.Code != http.StatusNoContent || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("logging out twice: %d %v", w.Code, w.Header())
	}
	if got := sessionOf(t, call(t, api, "GET", "/session", "", bearing("bob")...)); got.User != "bob" || got.ExpiresAt != nil {
		t.Errorf("with a header: %+v", got)
	}
}

// headed returns an API whose requests all have headers.
func headed(api http.Handler, headers ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		api.ServeHTTP(w, r)
	})
}

// Over TLS, a cookie that somebody else could have set does not count.
func TestCookiesOfNeighboursDoNotCount(t *testing.T) {
	api := facadeFor(newFakeStore(), newFakeGate(map[string][]string{"ann": {"everything"}}))
	plain, secure := login(t, api, "ann"), login(t, api, "ann", overTLS...)
	wantProblem(t, call(t, api, "GET", "/tasks", "", with(plain, overTLS...)...), http.StatusUnauthorized, "a token is required")
	wantProblem(t, call(t, api, "GET", "/tasks", "", with(secure)...), http.StatusUnauthorized, "a token is required")
}

// A cookie does not authorise a request that another site's page caused, neither a write nor a read.
func TestCookiesOnlyForTheSameSite(t *testing.T) {
	store := newFakeStore(fixture.Task("sync"))
	api := facadeFor(store, newFakeGate(map[string][]string{"ann": {"everything"}}))
	cookie := login(t, api, "ann")
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"Sec-Fetch-Site", "anything"},
		{"Origin", "https://evil.example"},
		{"Origin", "http://example.com:81"},
		{"Origin", "null"},
		{"Origin", "%"},
	} {
		for _, c := range [][2]string{
			{"GET", "/tasks"},
			{"GET", "/session"},
			{"GET", "/tasks/executions/run/logs"},
			{"GET", "/tasks/watch"},
			{"POST", "/tasks/sync/execute/api"},
			{"DELETE", "/tasks/executions/cancel/all"},
			{"POST", "/session"},
			{"DELETE", "/session"},
		} {
			wantProblem(t, call(t, api, c[0], c[1], "", with(cookie, headers...)...), http.StatusForbidden, "another site")
		}
	}
	if len(store.executions) > 0 {
		t.Error("another site ran a task")
	}
	for _, headers := range [][]string{{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "none"}, {"Origin", "http://example.com"}, {}} {
		if w := call(t, api, "GET", "/tasks", "", with(cookie, headers...)...); w.Code != http.StatusOK {
			t.Errorf("%q: %d %s", headers, w.Code, w.Body)
		}
	}
}

func TestLoginsThatFail(t *testing.T) {
	g := newFakeGate(map[string][]string{"ann": {"everything"}})
	s := gated(newFakeStore(), g)
	api := s.handler(DefaultOptions())
	for name, c := range map[string]struct {
		body   string
		status int
		says   string
	}{
		"nothing":           {"", 400, `either a "token" or the "code"`},
		"an empty token":    {`{"token":""}`, 400, `either a "token" or the "code"`},
		"a token and code":  {`{"token":"ann","code":"x"}`, 400, `either a "token" or the "code"`},
		"a number":          {`{"token":5}`, 400, `"token" must be a string`},
		"another field":     {`{"password":"x"}`, 400, "unknown field"},
		"blanks":            {`{"token":"Bearer ann"}`, 400, "has blanks"},
		"a line":            {`{"token":"ann\n"}`, 400, "has blanks"},
		"an unknown token":  {`{"token":"mallory"}`, 401, "not valid here"},
		"no code of a link": {`{"code":"AAAA"}`, 401, "not valid or too old"},
		"too long":          {`{"token":"` + strings.Repeat("a", 20000) + `"}`, 400, "more than 16384 bytes"},
		"too large":         {`{"token":"` + noise("ann.", 5000) + `"}`, 400, "browsers keep 4096"},
	} {
		w := call(t, api, "POST", "/session", c.body)
		wantProblem(t, w, c.status, c.says)
		if w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: a cookie all the same", name)
		}
	}
	// A large token still fits: what a cookie adds is made up for by the compression.
	login(t, api, noise("ann.", 3800))

	g.away = http.ErrServerClosed
	wantProblem(t, call(t, api, "POST", "/session", `{"token":"ann2"}`), http.StatusServiceUnavailable, "Kubernetes does not answer")
	wantProblem(t, call(t, api, "GET", "/session", "", bearing("ann2")...), http.StatusServiceUnavailable, "Kubernetes does not answer")

	unread := gated(newFakeStore(), newFakeGate(map[string][]string{"ann": {"everything"}}))
	unread.secret = &submit.InstallationSecret{}
	wantProblem(t, call(t, unread.handler(DefaultOptions()), "POST", "/session", `{"token":"ann"}`), http.StatusServiceUnavailable, "cannot read the Secret")
	wantProblem(t, call(t, facade(newFakeStore()), "POST", "/session", `{"token":"ann"}`), http.StatusConflict, "--auth=none")
	wantProblem(t, call(t, facade(newFakeStore()), "POST", "/session/links", ""), http.StatusConflict, "--auth=none")
	if got := ok[session.Session](t, facade(newFakeStore()), "GET", "/session", ""); got.Auth != "none" {
		t.Errorf("without authentication: %+v", got)
	}
}

// noise returns a text that begins like a token, continues at random, and has a length.
func noise(begin string, length int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	random := rand.New(rand.NewPCG(1, 2))
	b := []byte(begin)
	for len(b) < length {
		b = append(b, letters[random.IntN(len(letters))])
	}
	return string(b)
}

// Failed logins count as invalid tokens do.
func TestGuessingAtTheLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // on a fake clock
		api := facadeFor(newFakeStore(), newFakeGate(map[string][]string{"ann": {"everything"}}), func(o *Options) { o.MaxFailures = 1 })
		for _, body := range []string{`{"token":"guess-%d"}`, `{"code":"AAA%d"}`} {
			seen := map[int]int{}
			for i := range 12 {
				seen[call(t, api, "POST", "/session", fmt.Sprintf(body, i)).Code]++
			}
			if seen[http.StatusUnauthorized] > 11 || seen[http.StatusTooManyRequests] == 0 || len(seen) > 2 {
				t.Errorf("%s: the answers are %v", body, seen)
			}
			time.Sleep(time.Minute) //nolint:forbidigo // on a fake clock: the failures are forgotten
		}
		login(t, api, "ann")
	})
}

// A session ends when its token does, and its cookie is then removed.
func TestSessionsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // on a fake clock
		g := newFakeGate(map[string][]string{"ann": {"everything"}})
		api := facadeFor(newFakeStore(), g)
		short, long := login(t, api, expiring(time.Now().Add(time.Minute))), login(t, api, "ann")
		revoked := login(t, api, "ann.2")
		g.bad["ann.2"] = true
		time.Sleep(time.Minute) //nolint:forbidigo // on a fake clock
		for name, cookie := range map[string]*http.Cookie{"expired": short, "revoked": revoked} {
			w := call(t, api, "GET", "/tasks", "", with(cookie)...)
			wantProblem(t, w, http.StatusUnauthorized, "")
			if gone := cookieOf(t, w); gone.MaxAge >= 0 {
				t.Errorf("%s: the cookie stays: %+v", name, gone)
			}
			w = call(t, api, "GET", "/session", "", with(cookie)...)
			if got := sessionOf(t, w); got.User != "" || cookieOf(t, w).MaxAge >= 0 || w.Header().Get("WWW-Authenticate") != "" {
				t.Errorf("%s: %+v %v", name, got, w.Header())
			}
		}
		if w := call(t, api, "GET", "/tasks", "", with(long)...); w.Code != http.StatusOK {
			t.Errorf("a session that has not ended: %d", w.Code)
		}
		time.Sleep(session.LongestSession) //nolint:forbidigo // on a fake clock
		wantProblem(t, call(t, api, "GET", "/tasks", "", with(long)...), http.StatusUnauthorized, "a token is required")
	})
}

// A stream does not outlive its session.
func TestAStreamEndsWithItsSession(t *testing.T) {
	g := newFakeGate(map[string][]string{"ann": {"everything"}})
	s := gated(newFakeStore(), g)
	s.recheckInterval = time.Millisecond
	s.furnish(DefaultOptions())
	who := &access.Caller{Credential: access.Credential{Token: "ann", FromCookie: true, Expires: time.Now()}}
	who.User, _ = g.Authenticate(t.Context(), "ann")
	in := &access.Scope{Guard: s.guard, Namespace: "default", Who: who}
	err := in.Recheck(fixture.RoutedRequest(t, "/"), access.RightTo("watch", "taskexecutions", ""))
	if p := web.ProblemOf(err); p.Status != http.StatusUnauthorized || !strings.Contains(p.Detail, "session is over") {
		t.Errorf("%v", err)
	}
}

// versioned returns a client with a Secret, which refuses an update of another version than the stored one as the API
// server does. The fake clientset takes any.
func versioned(secret *corev1.Secret) *fake.Clientset {
	secret.ResourceVersion = "1"
	client := fake.NewClientset(secret)
	version := 1
	client.PrependReactor("update", "secrets", func(action clienttesting.Action) (bool, runtime.Object, error) { // one at a time
		update, ok := action.(clienttesting.UpdateAction)
		if !ok {
			return true, nil, fmt.Errorf("%T is no update", action)
		}
		changed, ok := update.GetObject().(*corev1.Secret)
		if !ok {
			return true, nil, fmt.Errorf("%T is no Secret", update.GetObject())
		}
		if changed.ResourceVersion != strconv.Itoa(version) {
			return true, nil, apierrors.NewConflict(corev1.Resource("secrets"), changed.Name, errors.New("the object has been modified"))
		}
		version++
		changed = changed.DeepCopy()
		changed.ResourceVersion = strconv.Itoa(version)
		return true, changed, client.Tracker().Update(update.GetResource(), changed, changed.Namespace)
	})
	return client
}

// shared returns facades that share the Secret of an installation.
func shared(t *testing.T, n int) (replicas []http.Handler) {
	t.Helper()
	client := versioned(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "taskexec-system", Name: "taskexec-idempotency"}})
	for range n {
		s := gated(newFakeStore(), newFakeGate(map[string][]string{"ann": {"everything"}}))
		s.secret = &submit.InstallationSecret{Namespace: "taskexec-system", Name: "taskexec-idempotency"}
		tried := make(chan struct{})
		s.secret.KeepTrying(t.Context(), client, DefaultOptions().Log, func() { close(tried) })
		<-tried
		s.codes = session.InSecret{Client: client, Namespace: "taskexec-system", Name: "taskexec-idempotency"}
		replicas = append(replicas, s.handler(DefaultOptions()))
	}
	return replicas
}

// A login link works once, at one replica of several. The session is then good at all of them.
func TestLoginLinksWorkOnce(t *testing.T) {
	replicas := shared(t, 3)
	w := call(t, replicas[0], "POST", "/session/links", "", bearing("ann")...)
	var link session.LoginLink
	if err := json.Unmarshal(w.Body.Bytes(), &link); err != nil || w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if link.Path != "/console/#login="+link.Code || link.ExpiresAt.After(time.Now().Add(5*time.Minute)) {
		t.Errorf("%+v", link)
	}
	body := `{"code":"` + link.Code + `"}`
	first := call(t, replicas[1], "POST", "/session", body)
	if first.Code != http.StatusOK {
		t.Fatalf("%d %s", first.Code, first.Body)
	}
	for _, replica := range append(slices.Clone(replicas), shared(t, 1)...) { // the last one has another secret
		wantProblem(t, call(t, replica, "POST", "/session", body), http.StatusUnauthorized, "ask for another one")
	}
	cookie := cookieOf(t, first)
	for _, replica := range replicas {
		if w := call(t, replica, "GET", "/tasks", "", with(cookie)...); w.Code != http.StatusOK {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	wantProblem(t, call(t, replicas[0], "POST", "/session/links", "", with(cookie)...), http.StatusForbidden, "a session's cookie is not enough")
	wantProblem(t, call(t, replicas[0], "POST", "/session/links", ""), http.StatusUnauthorized, "a token is required")
	// A code is no cookie, and a cookie no code.
	wantProblem(t, call(t, replicas[0], "GET", "/tasks", "", "Cookie", cookie.Name+"="+link.Code), http.StatusUnauthorized, "a token is required")
	wantProblem(t, call(t, replicas[0], "POST", "/session", `{"code":"`+cookie.Value+`"}`), http.StatusUnauthorized, "not valid or too old")
}

// Of many logins with one link at the same time, one succeeds.
func TestLoginLinksRace(t *testing.T) {
	replicas := shared(t, 2)
	var link session.LoginLink
	if err := json.Unmarshal(call(t, replicas[0], "POST", "/session/links", "", bearing("ann")...).Body.Bytes(), &link); err != nil {
		t.Fatal(err)
	}
	codes := make(chan int)
	for i := range 8 {
		go func() { codes <- call(t, replicas[i%2], "POST", "/session", `{"code":"`+link.Code+`"}`).Code }()
	}
	seen := map[int]int{}
	for range 8 {
		seen[<-codes]++
	}
	if seen[http.StatusOK] != 1 {
		t.Errorf("the answers are %v", seen)
	}
}

// Many people log in at the same time, each with a link of their own.
func TestManyLoginLinksAtOnce(t *testing.T) {
	replicas := shared(t, 2)
	const people = 8
	codes := make(chan int)
	for i := range people {
		var link session.LoginLink
		if err := json.Unmarshal(call(t, replicas[0], "POST", "/session/links", "", bearing("ann")...).Body.Bytes(), &link); err != nil {
			t.Fatal(err)
		}
		go func() { codes <- call(t, replicas[i%2], "POST", "/session", `{"code":"`+link.Code+`"}`).Code }()
	}
	for range people {
		if code := <-codes; code != http.StatusOK {
			t.Errorf("%d", code)
		}
	}
}

// A login link is valid for a few minutes, and no longer than its token.
func TestLoginLinksEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // on a fake clock
		api := facadeFor(newFakeStore(), newFakeGate(map[string][]string{"ann": {"everything"}}))
		for _, life := range []time.Duration{5 * time.Minute, time.Minute} {
			for _, late := range []bool{false, true} {
				token := expiring(time.Now().Add(time.Hour))
				if life < 5*time.Minute {
					token = expiring(time.Now().Add(life))
				}
				var link session.LoginLink
				if err := json.Unmarshal(call(t, api, "POST", "/session/links", "", bearing(token)...).Body.Bytes(), &link); err != nil {
					t.Fatal(err)
				}
				if late {
					time.Sleep(life) //nolint:forbidigo // on a fake clock
				}
				w := call(t, api, "POST", "/session", `{"code":"`+link.Code+`"}`)
				if late == (w.Code == http.StatusOK) {
					t.Errorf("after %s, late %t: %d %s", life, late, w.Code, w.Body)
				}
			}
		}
	})
}
