// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package rights

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

const auditLog = `{"verb":"list","user":{"username":"ann"},"objectRef":{"apiGroup":"batch","resource":"jobs"},"responseStatus":{"code":200}}
{"verb":"get","user":{"username":"ann"},"objectRef":{"resource":"pods","subresource":"log"},"responseStatus":{"code":404}}
{"verb":"create","user":{"username":"ann"},"objectRef":{"apiGroup":"batch","resource":"jobs"},"responseStatus":{"code":403},"annotations":{"authorization.k8s.io/decision":"forbid"}}
{"verb":"patch","user":{"username":"ann"},"objectRef":{"resource":"pods"},"responseStatus":{"code":403},"annotations":{"authorization.k8s.io/decision":"allow"}}
{"verb":"get","user":{"username":"ann"},"responseStatus":{"code":200}}
{"verb":"delete","user":{"username":"bob"},"objectRef":{"resource":"pods"},"responseStatus":{"code":200}}
{"verb":"del`

const role = `kind: Role
rules:
  - {apiGroups: [batch], resources: [jobs], verbs: [list, watch]}
  - {apiGroups: [""], resources: [pods, pods/log], verbs: [get]}
---
kind: RoleBinding
`

func TestCompare(t *testing.T) {
	used, err := Read(strings.NewReader(auditLog), "ann")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := used.String(), "get pods/log, list batch/jobs, patch pods"; got != want {
		t.Errorf("used %s, want %s", got, want)
	}
	granted, err := Granted(strings.NewReader(role))
	if err != nil {
		t.Fatal(err)
	}
	got := Compare(used, granted, map[Right]bool{"get pods": true, "list batch/jobs": true, "get nodes": true})
	want := []string{
		"create batch/jobs was refused", "get nodes is excepted and not granted",
		"patch pods is used and granted by no rule", "watch batch/jobs is granted and never used",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// ReadFolder reads a rotated log completely. Lasting ignores what an API server refused while it was starting.
func TestRotatedLog(t *testing.T) {
	dir := t.TempDir()
	lines := strings.SplitAfter(auditLog, "\n")
	allowed := strings.Replace(lines[2], "403", "201", 1)
	for name, text := range map[string]string{"audit.log": lines[0] + lines[2], "audit-2026-01-01T00-00-00.000.log": lines[1] + allowed} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	used, err := ReadFolder(dir, "audit*.log", "ann")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := used.String(), "create batch/jobs, get pods/log, list batch/jobs"; got != want || len(used.Refused) != 1 || len(used.Lasting(nil).Refused) != 0 {
		t.Errorf("used %s, want %s; refused %v", got, want, used.Refused)
	}
	refused := Used{Refused: map[Right]bool{"list pods": true, "get secrets": true}}
	if got := refused.Lasting(map[Right]bool{"list pods": true}).Refused; !maps.Equal(got, map[Right]bool{"get secrets": true}) {
		t.Errorf("of a right that is granted and one that is not, these are refused: %v", got)
	}
	if _, err := ReadFolder(dir, "none*", "ann"); err == nil || !strings.Contains(err.Error(), "there is no none*") {
		t.Errorf("got %v", err)
	}
}

func TestBound(t *testing.T) {
	subject := []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: "system", Name: "ann"}}
	role := func(verb string) []rbacv1.PolicyRule {
		return []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{verb}}}
	}
	meta := func(namespace, name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: namespace, Name: name}
	}
	cluster := fake.NewClientBuilder().WithObjects(
		&rbacv1.ClusterRole{ObjectMeta: meta("", "everywhere"), Rules: role("list")},
		&rbacv1.ClusterRole{ObjectMeta: meta("", "foreign"), Rules: role("delete")},
		&rbacv1.Role{ObjectMeta: meta("a", "here"), Rules: role("get")},
		&rbacv1.ClusterRoleBinding{ObjectMeta: meta("", "1"), RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "everywhere"}, Subjects: subject},
		&rbacv1.ClusterRoleBinding{ObjectMeta: meta("", "2"), RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "foreign"}},
		&rbacv1.RoleBinding{ObjectMeta: meta("a", "3"), RoleRef: rbacv1.RoleRef{Kind: "Role", Name: "here"}, Subjects: subject},
	).Build()
	bound, err := Bound(t.Context(), cluster, "system", "ann")
	if err != nil || !maps.Equal(bound, map[Right]bool{"list pods": true, "get pods": true}) {
		t.Errorf("bound %v, %v", bound, err)
	}
}

func TestWhatIsNoLog(t *testing.T) {
	if _, err := Read(strings.NewReader("{}\nnothing\n"), "ann"); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("got %v", err)
	}
	if _, err := Granted(strings.NewReader("rules: 1")); err == nil {
		t.Error("rules that are none")
	}
	if _, err := new(Log).Of("ann"); err == nil {
		t.Error("a log that is not there")
	}
}

func TestPolicyOfALog(t *testing.T) {
	l, err := NewLog(t.TempDir(), `a"b`, "c")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(l.Flags()["audit-policy-file"])
	if err != nil || !strings.Contains(string(raw), `["a\"b","c"]`) {
		t.Errorf("%v %s", err, raw)
	}
}
