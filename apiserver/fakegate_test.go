// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"k8s.io/apiserver/pkg/authentication/user"

	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/auth"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/apiserver/web"
)

// fakeGate knows users and their rights. A token's text up to the first dot is the user's name.
type fakeGate struct {
	mu sync.Mutex
	// rules are what each user may do, as "verb resource/subresource name" or "get /path"; the name "*" stands for any
	// name.
	rules map[string][]string
	// bad are invalid tokens; forAPIServer are tokens that are valid for the API server only.
	bad, forAPIServer map[string]bool
	// signed are the tokens that the cluster signed.
	signed map[string]bool
	// away, if set, is the error of every question.
	away error
	// reviewed counts the tokens that were reviewed; asked are the questions.
	reviewed int
	asked    []string
}

func newFakeGate(rules map[string][]string) *fakeGate {
	return &fakeGate{rules: rules, bad: map[string]bool{}, forAPIServer: map[string]bool{}}
}

func (g *fakeGate) Authenticate(_ context.Context, token string) (user.Info, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reviewed++
	name, _, _ := strings.Cut(token, ".")
	switch {
	case g.away != nil:
		return nil, g.away
	case g.rules[name] == nil || g.bad[token] || g.forAPIServer[token]:
		return nil, auth.ErrBadToken
	}
	return &user.DefaultInfo{Name: name}, nil
}

func (g *fakeGate) AuthenticateForAPIServer(ctx context.Context, token string) (user.Info, error) {
	g.mu.Lock()
	here := g.forAPIServer[token]
	g.mu.Unlock()
	if !here {
		return nil, auth.ErrBadToken
	}
	return g.Authenticate(ctx, strings.ReplaceAll(token, ".apiserver", ""))
}

func (g *fakeGate) Issued(_ context.Context, token string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.signed[token]
}

func spelled(q auth.Question) string {
	what := q.Path
	if what == "" {
		what = q.Resource
	}
	if q.Subresource != "" {
		what += "/" + q.Subresource
	}
	return strings.TrimSpace(q.Verb + " " + what + " " + q.Name)
}

func (g *fakeGate) Allowed(_ context.Context, u user.Info, q auth.Question) (bool, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked = append(g.asked, spelled(q))
	if g.away != nil {
		return false, g.away
	}
	anyName := q
	anyName.Name = "*"
	for _, rule := range g.rules[u.GetName()] {
		if rule == "everything" || rule == spelled(q) || rule == spelled(anyName) {
			return true, nil
		}
	}
	return false, nil
}

func (g *fakeGate) change(change func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change()
}

// reviews returns how many tokens were reviewed so far.
func (g *fakeGate) reviews() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.reviewed
}

func (g *fakeGate) questions() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	asked := g.asked
	g.asked = nil
	return asked
}

// gated returns a server that asks a gate.
func gated(store Store, g access.Gate) *server {
	return &server{
		namespace: "default", stores: one{store}, metrics: web.NewMetrics(), logs: logs.NewReader(nil, nil, 100), timeout: time.Minute,
		gate: g, recheckInterval: time.Minute,
	}
}

// facadeFor returns the whole API over a store, for the callers that a gate knows.
func facadeFor(store Store, g access.Gate, change ...func(*Options)) http.Handler {
	o := DefaultOptions()
	for _, c := range change {
		c(&o)
	}
	return gated(store, g).handler(o)
}

// bearing returns the headers of a request with a token.
func bearing(token string) []string { return []string{"Authorization", "Bearer " + token} }
