// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"

	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// A facade for named namespaces serves only these, whatever rights its caller has elsewhere.
func TestCase62OnlyNamedNamespacesAreServed(t *testing.T) {
	o := DefaultOptions()
	o.Namespace, o.OtherNamespaces = "team-a", []string{"team-b"}
	s := &server{
		namespace: "team-a", metrics: web.NewMetrics(), logs: logs.NewReader(nil, nil, 100), timeout: time.Minute,
		stores: byNamespace{"team-a": newFakeStore(fixture.Task("sync")), "team-b": newFakeStore(fixture.Task("other")), "team-c": newFakeStore(fixture.Task("foreign"))},
	}
	api := s.handler(o)
	for path, want := range map[string]string{"/tasks": "sync", "/namespaces/team-a/tasks": "sync", "/namespaces/team-b/tasks": "other"} {
		if got := ok[[]wire.Task](t, api, "GET", path, ""); len(got) != 1 || got[0].Name != want {
			t.Errorf("GET %s: %+v, want %s", path, got, want)
		}
	}
	for _, path := range []string{"/namespaces/team-c/tasks", "/namespaces/team-c/tasks/foreign", "/namespaces/kube-system/triggers/cron"} {
		wantProblem(t, call(t, api, "GET", path, ""), http.StatusNotFound, "is not served here")
	}
	if got := o.watched(); !slices.Equal(got, []string{"team-a", "team-b"}) {
		t.Errorf("it watches %q", got)
	}
}

// Sensitive params would need a Secret in a system namespace. They are refused before anything is stored.
func TestCase62NoSecretsInSystemNamespaces(t *testing.T) {
	const own = "operators"
	for _, namespace := range append([]string{own}, submit.SystemNamespaces...) {
		store := newFakeStore(fixture.Task("login", loginSchema))
		s := &server{
			namespace: namespace, ownNamespace: own, stores: byNamespace{namespace: store},
			metrics: web.NewMetrics(), logs: logs.NewReader(nil, nil, 100), timeout: time.Minute,
		}
		api := s.handler(DefaultOptions())
		for _, query := range []string{"", "?dryRun=true"} {
			w := call(t, api, "POST", loginPath+query, `{"params":{"password":"`+hunter+`"}}`)
			wantProblem(t, w, http.StatusForbidden, "sensitive params are not accepted in the namespace")
		}
		if len(store.executions)+len(store.secrets) > 0 {
			t.Errorf("%s: stored %v, %v", namespace, store.executions, store.secrets)
		}
	}
}

// The policies on Taskexec's own accounts cover the same system namespaces as the facade.
func TestCase62PoliciesNameTheSystemNamespaces(t *testing.T) {
	want := "['" + strings.Join(submit.SystemNamespaces, "', '") + "', request.userInfo.username.split(':')[2]]"
	found := 0
	for _, p := range policiesOf(t) {
		at := slices.IndexFunc(p.Spec.Variables, func(v admissionregistrationv1.Variable) bool { return v.Name == "system" })
		if at < 0 {
			continue
		}
		found++
		if got := p.Spec.Variables[at].Expression; got != want {
			t.Errorf("%s has %s, want %s", p.Name, got, want)
		}
	}
	if found != 2 {
		t.Errorf("%d policies name them, want 2", found)
	}
}
