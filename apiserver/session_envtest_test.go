// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package apiserver

import (
	"encoding/json"
	"net/http"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/taskexec/taskexec/apiserver/session"
	"github.com/taskexec/taskexec/apiserver/submit"
)

// withLogins returns facades of a lab that share the Secret of an installation. It must exist.
func (l gatedLab) withLogins(t *testing.T, secret string, n int) (replicas []http.Handler) {
	t.Helper()
	client, err := kubernetes.NewForConfig(apiServer)
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		s, o := l.gatedServer(t, apiServer, "taskexec")
		s.secret = &submit.InstallationSecret{Namespace: l.namespace, Name: secret}
		s.codes = session.InSecret{Client: client, Namespace: l.namespace, Name: secret}
		s.secret.KeepTrying(t.Context(), client, o.Log, func() {})
		replicas = append(replicas, s.handler(o))
	}
	return replicas
}

// People log in with tokens of a real API server: a session has the rights of its user at each replica. A link logs in
// one of many that use it at the same moment at several replicas, also while others log in. A session ends when Kubernetes no
// longer knows its user.
func TestSessionsOnARealAPIServer(t *testing.T) {
	l := newGatedLab(t, apiServer, "taskexec")
	l.create(t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "installation"}})
	token := l.serviceAccount(t, "ann", "taskexec", onTasks("list"))
	replicas := l.withLogins(t, "installation", 3)

	var links []session.LoginLink
	for range 4 {
		var link session.LoginLink
		w := call(t, replicas[0], "POST", "/session/links", "", bearing(token)...)
		if err := json.Unmarshal(w.Body.Bytes(), &link); err != nil || w.Code != http.StatusCreated {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		links = append(links, link)
	}
	type result struct{ link, code int }
	results := make(chan result)
	for i := range links {
		for _, replica := range replicas {
			go func() {
				results <- result{i, call(t, replica, "POST", "/session", `{"code":"`+links[i].Code+`"}`).Code}
			}()
		}
	}
	seen := map[result]int{}
	for range len(links) * len(replicas) {
		seen[<-results]++
	}
	for i := range links {
		if seen[result{i, http.StatusOK}] != 1 || seen[result{i, http.StatusUnauthorized}] != len(replicas)-1 {
			t.Errorf("the answers to link %d are among %v", i, seen)
		}
	}

	cookie := login(t, replicas[1], token)
	tasks := "/namespaces/" + l.namespace + "/tasks"
	for i, replica := range replicas {
		if w := call(t, replica, "GET", tasks, "", with(cookie)...); w.Code != http.StatusOK {
			t.Errorf("replica %d: %d %s", i, w.Code, w.Body)
		}
		if got := sessionOf(t, call(t, replica, "GET", "/session", "", with(cookie)...)); got.User != l.userName("ann") {
			t.Errorf("replica %d: %+v", i, got)
		}
		wantProblem(t, call(t, replica, "GET", "/namespaces/"+l.namespace+"/triggers/cron", "", with(cookie)...), http.StatusForbidden, "may not list")
	}
	if err := adminClient.Delete(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: l.namespace, Name: "ann"}}); err != nil {
		t.Fatal(err)
	}
	until(t, "the API server no longer knows the token", func() bool { // it remembers tokens for seconds
		review := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token, Audiences: []string{"taskexec"}}}
		if err := adminClient.Create(t.Context(), review); err != nil {
			t.Fatal(err)
		}
		return !review.Status.Authenticated
	})
	wantProblem(t, call(t, l.withLogins(t, "installation", 1)[0], "GET", tasks, "", with(cookie)...), http.StatusUnauthorized, "")
}
