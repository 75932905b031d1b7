package rights

import (
	"os"
	"slices"
	"strings"
	"testing"
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
