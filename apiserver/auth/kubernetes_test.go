// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package auth

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/client-go/rest"
)

// anAPIServer answers reviews as its fields say.
type anAPIServer struct {
	token  func(authenticationv1.TokenReviewSpec) authenticationv1.TokenReviewStatus
	access func(authorizationv1.SubjectAccessReviewSpec) authorizationv1.SubjectAccessReviewStatus
	// code is the status sent instead of an answer, if it is not 0.
	code  int
	asked atomic.Int32
}

func (a *anAPIServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.asked.Add(1)
	w.Header().Set("Content-Type", "application/json")
	if a.code != 0 {
		w.WriteHeader(a.code)
		return
	}
	var answer any
	var err error
	switch r.URL.Path {
	case "/apis/authentication.k8s.io/v1/tokenreviews":
		review := &authenticationv1.TokenReview{}
		err = json.NewDecoder(r.Body).Decode(review)
		review.Status = a.token(review.Spec)
		answer = review
	case "/apis/authorization.k8s.io/v1/subjectaccessreviews":
		review := &authorizationv1.SubjectAccessReview{}
		err = json.NewDecoder(r.Body).Decode(review)
		review.Status = a.access(review.Spec)
		answer = review
	default:
		http.NotFound(w, r)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func asking(t *testing.T, server *anAPIServer, audiences ...string) *Kubernetes {
	t.Helper()
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	k, err := New(&rest.Config{Host: web.URL, QPS: -1, ContentConfig: rest.ContentConfig{ContentType: "application/json"}}, audiences)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func status(name string, audiences ...string) authenticationv1.TokenReviewStatus {
	return authenticationv1.TokenReviewStatus{Authenticated: true, User: authenticationv1.UserInfo{Username: name, Groups: []string{"g"}}, Audiences: audiences}
}

func TestTokens(t *testing.T) {
	for name, c := range map[string]struct {
		status    authenticationv1.TokenReviewStatus
		audiences []string
		want      string
	}{
		"of our audience":                      {status("ann", "taskexec"), []string{"taskexec"}, "ann"},
		"of one of ours":                       {status("ann", "b"), []string{"a", "b"}, "ann"},
		"of the API server, when it will do":   {status("ann", "https://kubernetes.default"), nil, "ann"},
		"not valid":                            {authenticationv1.TokenReviewStatus{}, []string{"taskexec"}, ""},
		"not valid, and why":                   {authenticationv1.TokenReviewStatus{Error: "expired"}, []string{"taskexec"}, ""},
		"of another audience":                  {status("ann", "other"), []string{"taskexec"}, ""},
		"of an API server without audiences":   {status("ann"), []string{"taskexec"}, ""},
		"of nobody":                            {status("", "taskexec"), []string{"taskexec"}, ""},
		"of the anonymous user":                {status(user.Anonymous, "taskexec"), []string{"taskexec"}, ""},
		"not valid, with a user all the same":  {authenticationv1.TokenReviewStatus{User: authenticationv1.UserInfo{Username: "ann"}, Audiences: []string{"taskexec"}}, []string{"taskexec"}, ""},
		"of a user that is unauthenticated by": {authenticationv1.TokenReviewStatus{Authenticated: true, User: authenticationv1.UserInfo{Username: "x", Groups: []string{user.AllUnauthenticated}}, Audiences: []string{"taskexec"}}, []string{"taskexec"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := &anAPIServer{}
			server.token = func(spec authenticationv1.TokenReviewSpec) authenticationv1.TokenReviewStatus {
				if spec.Token != "secret" || !slices.Equal(spec.Audiences, c.audiences) {
					t.Errorf("asked about %+v", spec)
				}
				return c.status
			}
			k := asking(t, server, c.audiences...)
			for range 2 {
				u, err := k.Authenticate(t.Context(), "secret")
				if c.want == "" && !errors.Is(err, ErrBadToken) || c.want != "" && (err != nil || u.GetName() != c.want) {
					t.Errorf("%v %v, want %q", u, err, c.want)
				}
			}
			if n := server.asked.Load(); n > 2 || c.want != "" && n != 1 {
				t.Errorf("it was asked %d times", n)
			}
		})
	}
}

// If the API server does not answer, the result is an error, not a yes or a no.
func TestWhatCannotBeAsked(t *testing.T) {
	for _, code := range []int{400, 401, 403, 404, 409, 429, 500, 502, 503} {
		k := asking(t, &anAPIServer{code: code}, "taskexec")
		if u, err := k.Authenticate(t.Context(), "secret"); err == nil || errors.Is(err, ErrBadToken) || u != nil {
			t.Errorf("%d: %v %v", code, u, err)
		}
		if allowed, err := k.Allowed(t.Context(), &user.DefaultInfo{Name: "ann"}, Question{Verb: "get", Resource: "tasks"}); allowed || err == nil {
			t.Errorf("%d: %t %v", code, allowed, err)
		}
	}
	away, err := New(&rest.Config{Host: "http://127.0.0.1:1", QPS: -1}, []string{"taskexec"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := away.Authenticate(t.Context(), "secret"); err == nil || errors.Is(err, ErrBadToken) {
		t.Errorf("no API server: %v", err)
	}
	if allowed, err := away.Allowed(t.Context(), &user.DefaultInfo{Name: "ann"}, Question{Verb: "get", Resource: "tasks"}); allowed || err == nil {
		t.Errorf("no API server: %t %v", allowed, err)
	}
}

func TestQuestionsAreAskedWhole(t *testing.T) {
	who := &user.DefaultInfo{Name: "ann", UID: "1", Groups: []string{"g"}, Extra: map[string][]string{"e": {"x"}}}
	for name, c := range map[string]struct {
		question Question
		want     authorizationv1.SubjectAccessReviewSpec
	}{
		"a resource": {
			Question{Verb: "get", Resource: "tasks", Subresource: "logs", Namespace: "ns", Name: "sync"},
			authorizationv1.SubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
				Group: "taskexec.dev", Version: "v1alpha1", Verb: "get", Resource: "tasks", Subresource: "logs", Namespace: "ns", Name: "sync",
			}},
		},
		"a path": {
			Question{Verb: "get", Path: "/metrics"},
			authorizationv1.SubjectAccessReviewSpec{NonResourceAttributes: &authorizationv1.NonResourceAttributes{Verb: "get", Path: "/metrics"}},
		},
	} {
		for _, answer := range []authorizationv1.SubjectAccessReviewStatus{{Allowed: true}, {}, {Denied: true}, {Allowed: true, Denied: true}} {
			server := &anAPIServer{}
			server.access = func(spec authorizationv1.SubjectAccessReviewSpec) authorizationv1.SubjectAccessReviewStatus {
				if spec.User != "ann" || spec.UID != "1" || !slices.Equal(spec.Groups, who.Groups) || len(spec.Extra["e"]) != 1 {
					t.Errorf("%s: asked for %+v", name, spec)
				}
				if got, want := spec.ResourceAttributes, c.want.ResourceAttributes; got != nil && (want == nil || *got != *want) {
					t.Errorf("%s: asked about %+v", name, got)
				}
				if got, want := spec.NonResourceAttributes, c.want.NonResourceAttributes; got != nil && (want == nil || *got != *want) {
					t.Errorf("%s: asked about %+v", name, got)
				}
				return answer
			}
			k := asking(t, server)
			for range 2 {
				allowed, _ := k.Allowed(t.Context(), who, c.question)
				if allowed != (answer.Allowed && !answer.Denied) {
					t.Errorf("%s: %+v is read as %t", name, answer, allowed)
				}
			}
			if n := server.asked.Load(); n != 1 {
				t.Errorf("%s: it was asked %d times", name, n)
			}
		}
	}
}
