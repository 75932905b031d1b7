// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/taskexec/taskexec/apiserver/fixture"
)

// verbs are the verbs of each resource that config/rbac grants.
var verbs = map[string][]string{
	"tasks":               {"get", "list", "execute"},
	"taskexecutions":      {"get", "list", "watch", "create", "delete", "cancel", "cancel-all"},
	"taskexecutions/logs": {"get"}, // and taskexecutions/rawlogs, which a handler checks
	"taskschedules":       {"get", "list", "create", "update", "delete"},
}

func TestEachRouteHasAnAccess(t *testing.T) {
	param := regexp.MustCompile(`\{(\w+)\}`)
	for _, r := range (&rooms{}).routes() {
		if !slices.Contains(verbs[r.right.Resource], r.right.Verb) {
			t.Errorf("%s %s takes the verb %q on %q, which is none", r.method, r.pattern, r.right.Verb, r.right.Resource)
		}
		var params []string
		for _, match := range param.FindAllStringSubmatch(r.pattern, -1) {
			params = append(params, match[1])
		}
		if len(params) > 0 && !slices.Contains(params, r.right.Named) {
			t.Errorf("%s %s: what its path names is not asked for: %q", r.method, r.pattern, r.right.Named)
		}
		if strings.HasSuffix(r.pattern, "/rerun") || strings.HasSuffix(r.pattern, "/run") {
			continue // its handler reads the run or schedule first, and then checks execute on the task
		}
		if (r.method == http.MethodGet) != slices.Contains([]string{"get", "list", "watch"}, r.right.Verb) {
			t.Errorf("%s %s takes the verb %q", r.method, r.pattern, r.right.Verb)
		}
	}
}

// mapped returns the method and path of every route, each with an example path.
func mapped(s *server) map[string]string {
	param := strings.NewReplacer("{taskName}", "sync", "{executionId}", "run", "{name}", "nightly", "{namespace}", "default")
	all := map[string]string{}
	for _, r := range (&rooms{}).routes() {
		for _, pattern := range []string{r.pattern, "/namespaces/{namespace}" + r.pattern} {
			all[r.method+" "+pattern] = param.Replace(pattern)
		}
	}
	for _, r := range s.platform() {
		all[r.method+" "+r.path] = r.path
	}
	return all
}

// bodyOf returns a body for the routes whose body names the runs or tasks.
func bodyOf(path string) string {
	switch {
	case strings.HasSuffix(path, "/by-ids"):
		return `{"executionIds":["run"]}`
	case strings.HasSuffix(path, "/by-task-names"):
		return `{"taskNames":["sync"]}`
	default:
		return ""
	}
}

// Every route has an entry in a table, and refuses callers without a valid token and callers without rights.
func TestNoRouteIsOpen(t *testing.T) {
	g := newFakeGate(map[string][]string{"nobody": {}})
	g.rules["nobody"] = []string{"nothing"}
	store := newFakeStore(fixture.Task("sync")).add(fixture.Execution("run", "sync", "Running"))
	s := gated(store, g)
	o := DefaultOptions()
	o.AllNamespaces = true
	o.MaxFailures = 0
	router, ok := s.handler(o).(chi.Router)
	if !ok {
		t.Fatal("the handler is no router")
	}
	known := mapped(s)
	seen := map[string]bool{}
	err := chi.Walk(router, func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		name := method + " " + pattern
		example, found := known[name]
		if !found {
			t.Errorf("%s is in the router and in no table", name)
			return nil
		}
		seen[name] = true
		if slices.Contains([]string{"/healthz", "/readyz", "/openapi.json", "/docs", "/session"}, pattern) {
			return nil
		}
		body := bodyOf(example)
		wantProblem(t, call(t, router, method, example, body), http.StatusUnauthorized, "a token is required")
		wantProblem(t, call(t, router, method, example, body, bearing("nothing")...), http.StatusUnauthorized, "not valid here")
		if pattern != "/session/links" { // it needs no right
			wantProblem(t, call(t, router, method, example, body, bearing("nobody")...), http.StatusForbidden, "may not")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if !seen[name] {
			t.Errorf("%s is in a table and not in the router", name)
		}
	}
}
