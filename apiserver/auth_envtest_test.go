// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package apiserver

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/auth"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/apiserver/web"
)

// gatedLab is a facade over a namespace of its own, with real tokens and rights.
type gatedLab struct {
	lab
}

func newGatedLab(t *testing.T, config *rest.Config, audiences ...string) gatedLab {
	t.Helper()
	l := newLab(t)
	s, o := l.gatedServer(t, config, audiences...)
	l.Handler = s.handler(o)
	return gatedLab{l}
}

// gatedServer returns another facade of the lab, with its options.
func (l lab) gatedServer(t *testing.T, config *rest.Config, audiences ...string) (*server, Options) {
	t.Helper()
	g, err := auth.New(config, audiences)
	if err != nil {
		t.Fatal(err)
	}
	o := DefaultOptions()
	o.AllNamespaces, o.TokenAudiences = true, audiences
	o.MaxFailures = 0 // the tests send many invalid tokens
	return &server{
		namespace: l.namespace, stores: inKubernetes{l.store.Stores}, metrics: web.NewMetrics(), logs: logs.NewReader(nil, nil, 100), timeout: time.Minute,
		gate: g, recheckInterval: time.Second,
	}, o
}

// serviceAccount creates a service account with rules in the namespace. It returns a token for an audience; an empty
// audience stands for the API server.
func (l gatedLab) serviceAccount(t *testing.T, name string, audience string, rules ...rbacv1.PolicyRule) (token string) {
	t.Helper()
	l.create(t, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}})
	if len(rules) > 0 {
		l.create(t, &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules})
		l.bind(t, name, "Role", name)
		l.inForce(t, name, rules)
	}
	return l.token(t, name, audience)
}

// inForce waits until the API server applies the rules. The facade must not ask earlier, because it caches refusals.
func (l gatedLab) inForce(t *testing.T, serviceAccount string, rules []rbacv1.PolicyRule) {
	t.Helper()
	for _, r := range rules {
		if r.APIGroups[0] != v1alpha1.GroupVersion.Group {
			continue
		}
		resource, subresource, _ := strings.Cut(r.Resources[0], "/")
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User: l.userName(serviceAccount),
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Group: r.APIGroups[0], Resource: resource, Subresource: subresource, Verb: r.Verbs[0], Namespace: l.namespace,
				Name: strings.Join(r.ResourceNames, ""),
			},
		}}
		until(t, "the rules hold", func() bool {
			asked := review.DeepCopy()
			if err := adminClient.Create(t.Context(), asked); err != nil {
				t.Fatal(err)
			}
			return asked.Status.Allowed
		})
	}
}

func (l gatedLab) bind(t *testing.T, serviceAccount, kind, role string) {
	t.Helper()
	l.create(t, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: serviceAccount + "-" + role},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: role},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: l.namespace, Name: serviceAccount}},
	})
}

func (l gatedLab) token(t *testing.T, serviceAccount, audience string) string {
	t.Helper()
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: ptr.To[int64](3600)}}
	if audience != "" {
		request.Spec.Audiences = []string{audience}
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: l.namespace, Name: serviceAccount}}
	if err := adminClient.SubResource("token").Create(t.Context(), account, request); err != nil {
		t.Fatal(err)
	}
	return request.Status.Token
}

func (l gatedLab) userName(serviceAccount string) string {
	return "system:serviceaccount:" + l.namespace + ":" + serviceAccount
}

// as sends a request with a token.
func (l gatedLab) as(t *testing.T, token, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	return call(t, l, method, path, body, bearing(token)...)
}

// onTasks is a rule that allows verbs on any Task.
func onTasks(verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"tasks"}, Verbs: verbs}
}

type request struct{ method, path, body string }

// theAPI returns requests to each route: for objects that exist, runs that are archived, and objects that do not exist.
func theAPI(namespace string) (all [][]request) {
	for _, r := range (&rooms{}).routes() {
		for _, prefix := range []string{"", "/namespaces/" + namespace} {
			var same []request
			for _, names := range [][3]string{{"sync", "run", "nightly"}, {"sync", "archived", "nightly"}, {"away", "away", "away"}} {
				path := strings.NewReplacer("{taskName}", names[0], "{executionId}", names[1], "{name}", names[2]).Replace(prefix + r.pattern)
				same = append(same, request{r.method, path, namedBody(path, names[0], names[1])})
			}
			all = append(all, same)
		}
	}
	return all
}

// namedBody returns a request body for a path whose body names the tasks or runs.
func namedBody(path, task, run string) string {
	return strings.NewReplacer("sync", task, `"run"`, `"`+run+`"`).Replace(bodyOf(path))
}

// Every route refuses real requests without a token, with an invalid one, with one for another resource or without the
// verb, and with all rights in another namespace. The answer does not show what exists.
func TestCase19EveryRouteIsGuarded(t *testing.T) {
	l := newGatedLab(t, apiServer, "taskexec")
	l.task(t, "sync")
	for _, name := range []string{"run", "archived"} {
		e := fixture.Execution(name, "sync", "")
		l.create(t, e)
		if name == "archived" {
			if err := l.phase(t.Context(), e, v1alpha1.PhaseCompleted); err != nil {
				t.Fatal(err)
			}
		}
	}
	l.create(t, aSchedule("nightly", "sync"))
	nobody := l.serviceAccount(t, "nobody", "taskexec")
	elsewhere := l.token(t, "nobody", "somebody-else")
	forAPIServer := l.token(t, "nobody", "")
	// All rights, except on taskexec.dev.
	other := l.serviceAccount(t, "other", "taskexec", rbacv1.PolicyRule{APIGroups: []string{"batch", ""}, Resources: []string{"*"}, Verbs: []string{"*"}})
	// All rights on taskexec.dev, in another namespace.
	neighbour := newGatedLab(t, apiServer, "taskexec")
	admin := clusterRole(t, "admin")
	next := neighbour.serviceAccount(t, "next", "taskexec", admin.Rules...)
	wantOK(t, neighbour.as(t, next, "GET", "/namespaces/"+neighbour.namespace+"/tasks", ""))
	for _, same := range theAPI(l.namespace) {
		var refusals []string
		for _, r := range same {
			wantProblem(t, call(t, l, r.method, r.path, r.body), http.StatusUnauthorized, "a token is required")
			for _, token := range []string{"nothing", elsewhere, forAPIServer, nobody[:len(nobody)-2]} {
				wantProblem(t, l.as(t, token, r.method, r.path, r.body), http.StatusUnauthorized, "not valid here")
			}
			for user, token := range map[string]string{l.userName("nobody"): nobody, l.userName("other"): other, neighbour.userName("next"): next} {
				p := wantProblem(t, l.as(t, token, r.method, r.path, r.body), http.StatusForbidden, fmt.Sprintf("%q may not", user))
				if token != other {
					p.Detail = strings.ReplaceAll(p.Detail, user, "USER")
					refusals = append(refusals, strings.NewReplacer("archived", "NAME", "away", "NAME", "nightly", "NAME", `"sync"`, `"NAME"`, `"run"`, `"NAME"`).Replace(p.Detail))
				}
			}
		}
		if refusals = slices.Compact(refusals); len(refusals) != 1 {
			t.Errorf("%s %s: the refusals tell what is there: %q", same[0].method, same[0].path, refusals)
		}
	}
	for _, path := range []string{"/no/such/path", "/tasks/", "/namespaces/default/nothing"} {
		wantProblem(t, call(t, l, "GET", path, ""), http.StatusUnauthorized, "a token is required")
		wantProblem(t, l.as(t, nobody, "GET", path, ""), http.StatusNotFound, "there is nothing")
	}
	if e := l.live(t, "run"); e.Spec.Cancel != nil {
		t.Error("somebody cancelled the run")
	}
}

func wantOK(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestRolesOfConfig(t *testing.T) {
	l := newGatedLab(t, apiServer, "taskexec")
	l.task(t, "sync")
	tokens := map[string]string{}
	for _, name := range []string{"viewer", "runner", "admin"} {
		role := clusterRole(t, name)
		role.Name += "-" + l.namespace // another test may create a role of the same name
		if err := adminClient.Create(t.Context(), role); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := adminClient.Delete(t.Context(), role); err != nil {
				t.Log(err) // the API server stops with the tests
			}
		})
		tokens[name] = l.serviceAccount(t, name, "taskexec")
		l.bind(t, name, "ClusterRole", role.Name)
		l.inForce(t, name, role.Rules)
	}
	run := fixture.Execution("run", "sync", "")
	l.create(t, run)
	l.create(t, aSchedule("nightly", "sync"))
	readers, runners, admins := []string{"viewer", "runner", "admin"}, []string{"runner", "admin"}, []string{"admin"}
	for _, c := range []struct {
		method, path, body string
		may                []string
	}{
		{"GET", "/tasks", "", readers},
		{"GET", "/tasks/sync", "", readers},
		{"GET", "/tasks/running/sync", "", readers},
		{"GET", "/tasks/running/execution/run", "", readers},
		{"GET", "/tasks/executions/run/logs", "", readers},
		{"GET", "/triggers/cron", "", readers},
		{"GET", "/triggers/cron/nightly", "", readers},
		{"GET", "/triggers/cron/nightly/ticks", "", readers},
		{"GET", "/triggers/cron/_/ticks?schedule=@daily", "", readers},
		{"POST", "/tasks/sync/execute/api", "", runners},
		{"DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":["run"]}`, runners},
		{"DELETE", "/tasks/executions/cancel/by-task-names", `{"taskNames":["sync"]}`, runners},
		{"DELETE", "/tasks/executions/cancel/all", "", admins},
		{"GET", "/tasks/_/sync", "", readers},
		{"GET", "/tasks/executions/_/run", "", readers},
		{"POST", "/triggers/cron/nightly/run", "", runners},
		{"POST", "/triggers/cron/nightly/toggle", "", admins},
		{"PUT", "/triggers/cron/nightly", `{"taskName":"sync","schedule":"@daily"}`, admins},
		{"POST", "/triggers/cron", `{"name":"other","taskName":"sync","schedule":"@daily"}`, admins},
		{"DELETE", "/triggers/cron/nightly", "", admins},
	} {
		for name, token := range tokens {
			w := l.as(t, token, c.method, c.path, c.body)
			if may := slices.Contains(c.may, name); (w.Code < 300) != may || !may && w.Code != http.StatusForbidden {
				t.Errorf("%s: %s %s: %d %s", name, c.method, c.path, w.Code, w.Body)
			}
		}
	}
}

// clusterRole returns a ClusterRole of config/rbac.
func clusterRole(t *testing.T, name string) *rbacv1.ClusterRole {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "config", "rbac", name+"_cluster_role.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	role := &rbacv1.ClusterRole{}
	if err := yaml.UnmarshalStrict(raw, role); err != nil {
		t.Fatal(err)
	}
	return role
}

// The sample Role of config allows its user to run one Task only.
func TestOneTaskOnlyForReal(t *testing.T) {
	l := newGatedLab(t, apiServer, "taskexec")
	raw, err := os.ReadFile(filepath.Join("..", "config", "samples", "role_user-space-sync-runner.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(raw), "\n---\n")
	role := &rbacv1.Role{}
	if err := yaml.UnmarshalStrict([]byte(first), role); err != nil {
		t.Fatal(err)
	}
	token := l.serviceAccount(t, "ann", "taskexec", role.Rules...)
	l.task(t, "user-space-sync")
	l.task(t, "other")
	l.create(t, fixture.Execution("of-other", "other", ""))
	w := l.as(t, token, "POST", "/tasks/user-space-sync/execute/api", "")
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	var id string
	for _, e := range listed(t, l) {
		if e.Spec.TaskRef.Name == "user-space-sync" {
			id = e.Name
			if e.Spec.Trigger.User != l.userName("ann") {
				t.Errorf("it says that %q asked", e.Spec.Trigger.User)
			}
		}
	}
	for _, c := range []struct {
		method, path, body string
		want               int
	}{
		{"GET", "/tasks/user-space-sync", "", 200},
		{"GET", "/tasks/running/user-space-sync", "", 200},
		{"GET", "/tasks/running/execution/" + id, "", 200},
		{"GET", "/tasks/executions/" + id + "/logs", "", 200},
		{"DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":["` + id + `"]}`, 200},
		{"DELETE", "/tasks/executions/cancel/by-task-names", `{"taskNames":["user-space-sync"]}`, 200},
		{"GET", "/tasks", "", 403},
		{"GET", "/tasks/other", "", 403},
		{"POST", "/tasks/other/execute/api", "", 403},
		{"GET", "/tasks/running/other", "", 403},
		{"GET", "/tasks/running/execution/of-other", "", 403},
		{"GET", "/tasks/running/execution/away", "", 403},
		{"GET", "/tasks/executions/of-other/logs", "", 403},
		{"DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":["` + id + `","of-other"]}`, 403},
		{"DELETE", "/tasks/executions/cancel/by-task-names", `{"taskNames":["other"]}`, 403},
		{"DELETE", "/tasks/executions/cancel/all", "", 403},
		{"GET", "/triggers/cron", "", 403},
	} {
		if w := l.as(t, token, c.method, c.path, c.body); w.Code != c.want {
			t.Errorf("%s %s: %d %s, want %d", c.method, c.path, w.Code, w.Body, c.want)
		}
	}
	if e := l.live(t, id); e.Spec.Cancel == nil || e.Spec.Cancel.RequestedBy != l.userName("ann") {
		t.Errorf("cancelled: %+v", e.Spec.Cancel)
	}
	if e := l.live(t, "of-other"); e.Spec.Cancel != nil {
		t.Error("another Task's run was cancelled")
	}
	// The Role also restricts kubectl: its user cannot create an execution directly.
	direct := rest.AnonymousClientConfig(apiServer)
	direct.BearerToken = l.token(t, "ann", "")
	ann, err := client.New(direct, client.Options{Scheme: adminClient.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	e := fixture.Execution("by-kubectl", "other", "")
	e.Namespace, e.CreationTimestamp = l.namespace, metav1.Time{}
	if err := ann.Create(t.Context(), e); err == nil {
		t.Error("who may run one Task only made a run of another")
	}
}

func listed(t *testing.T, l gatedLab) []v1alpha1.TaskExecution {
	t.Helper()
	list := &v1alpha1.TaskExecutionList{}
	if err := adminClient.List(t.Context(), list, client.InNamespace(l.namespace)); err != nil {
		t.Fatal(err)
	}
	return list.Items
}

// Rights in one namespace do not apply in another.
func TestRightsAreOfANamespace(t *testing.T) {
	l := newGatedLab(t, apiServer, "taskexec")
	token := l.serviceAccount(t, "ann", "taskexec", onTasks("list"))
	if w := l.as(t, token, "GET", "/namespaces/"+l.namespace+"/tasks", ""); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, namespace := range []string{"default", "not-there"} {
		wantProblem(t, l.as(t, token, "GET", "/namespaces/"+namespace+"/tasks", ""), http.StatusForbidden, "may not list tasks in the namespace")
	}
}

// Without audiences, the facade accepts tokens for the API server and no others.
func TestAudienceOfTheAPIServer(t *testing.T) {
	l := newGatedLab(t, apiServer)
	token := l.serviceAccount(t, "ann", "", onTasks("list"))
	if w := l.as(t, token, "GET", "/tasks", ""); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	wantProblem(t, l.as(t, l.token(t, "ann", "taskexec"), "GET", "/tasks", ""), http.StatusUnauthorized, "not valid here")
}

func TestMetricsForReal(t *testing.T) {
	l := newGatedLab(t, apiServer, "taskexec")
	forAPIServer := l.serviceAccount(t, "prometheus", "")
	wantProblem(t, l.as(t, forAPIServer, "GET", "/metrics", ""), http.StatusForbidden, "may not get /metrics")
	role := &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: "metrics-" + l.namespace},
		Rules:      []rbacv1.PolicyRule{{NonResourceURLs: []string{"/metrics"}, Verbs: []string{"get"}}},
	}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: role.ObjectMeta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: l.namespace, Name: "scraper"}},
	}
	for _, o := range []client.Object{role, binding} {
		if err := adminClient.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	scraper := l.serviceAccount(t, "scraper", "")
	until(t, "the rules hold", func() bool { return l.as(t, scraper, "GET", "/metrics", "").Code == http.StatusOK })
	for _, token := range []string{scraper, l.token(t, "scraper", "taskexec")} {
		if w := l.as(t, token, "GET", "/metrics", ""); w.Code != http.StatusOK {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	wantProblem(t, l.as(t, scraper, "GET", "/tasks", ""), http.StatusUnauthorized, "not valid here")
	wantProblem(t, l.as(t, l.token(t, "scraper", "somebody-else"), "GET", "/metrics", ""), http.StatusUnauthorized, "not valid here")
}

// While the API server is unreachable, nobody is let in.
func TestAPIServerAway(t *testing.T) {
	away := rest.CopyConfig(apiServer)
	away.Host = "127.0.0.1:1"
	l := newGatedLab(t, away, "taskexec")
	token := l.serviceAccount(t, "ann", "taskexec", onTasks("list"))
	wantProblem(t, l.as(t, token, "GET", "/tasks", ""), http.StatusServiceUnavailable, "because Kubernetes does not answer")
	wantProblem(t, l.as(t, "nothing", "GET", "/tasks", ""), http.StatusServiceUnavailable, "because Kubernetes does not answer")
	wantProblem(t, call(t, l, "GET", "/tasks", ""), http.StatusUnauthorized, "a token is required")
	// The answer is the same if the facade may not create reviews.
	mute := rest.AnonymousClientConfig(apiServer)
	mute.BearerToken = l.token(t, "ann", "")
	l = newGatedLab(t, mute, "taskexec")
	wantProblem(t, l.as(t, token, "GET", "/tasks", ""), http.StatusServiceUnavailable, "because Kubernetes does not answer")
}

// A right that was taken away stops working when the facade's cache expires.
func TestTakenRights(t *testing.T) {
	l := newGatedLab(t, apiServer, "taskexec")
	token := l.serviceAccount(t, "ann", "taskexec", onTasks("list"))
	if w := l.as(t, token, "GET", "/tasks", ""); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	begin := time.Now()
	if err := adminClient.Delete(t.Context(), &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: l.namespace, Name: "ann"}}); err != nil {
		t.Fatal(err)
	}
	until(t, "the right is gone", func() bool { return l.as(t, token, "GET", "/tasks", "").Code == http.StatusForbidden })
	if took := time.Since(begin); took > auth.CacheTTL+5*time.Second {
		t.Errorf("it took %s", took)
	}
}
