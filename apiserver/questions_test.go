package apiserver

import (
	"testing"

	"github.com/taskexec/taskexec/apiserver/auth"
)

func TestQuestions(t *testing.T) {
	for name, c := range map[string]struct {
		access   access
		any, one auth.Question
	}{
		"a task": {
			access{"execute", "tasks", byTask},
			auth.Question{Verb: "execute", Resource: "tasks", Namespace: "ns"},
			auth.Question{Verb: "execute", Resource: "tasks", Namespace: "ns", Name: "x"},
		},
		"a run": {
			access{"get", "taskexecutions", byExecution},
			auth.Question{Verb: "get", Resource: "taskexecutions", Namespace: "ns"},
			auth.Question{Verb: "get", Resource: "taskexecutions", Namespace: "ns", Name: "x"},
		},
		"its log": {
			access{"get", "taskexecutions/logs", byExecution},
			auth.Question{Verb: "get", Resource: "taskexecutions", Subresource: "logs", Namespace: "ns"},
			auth.Question{Verb: "get", Resource: "taskexecutions", Subresource: "logs", Namespace: "ns", Name: "x"},
		},
		"the runs of a task": {
			access{"list", "taskexecutions", byTask},
			auth.Question{Verb: "list", Resource: "taskexecutions", Namespace: "ns"},
			auth.Question{Verb: "list", Resource: "tasks", Subresource: "executions", Namespace: "ns", Name: "x"},
		},
	} {
		if got := c.access.any("ns"); got != c.any {
			t.Errorf("any of %s: %+v", name, got)
		}
		if got := c.access.one("ns", "x"); got != c.one {
			t.Errorf("one of %s: %+v", name, got)
		}
	}
	for resource, want := range map[string]string{"taskexecutions": "executions", "taskexecutions/logs": "logs"} {
		if got := (access{"get", resource, byExecution}).ofTask("ns", "t"); got != (auth.Question{Verb: "get", Resource: "tasks", Subresource: want, Namespace: "ns", Name: "t"}) {
			t.Errorf("%s of a task: %+v", resource, got)
		}
	}
}

func TestWhatIsAskedAboutNames(t *testing.T) {
	for query, want := range map[string]string{
		"":                                "",
		"?taskName=sync":                  "sync",
		"?taskName=sync&taskName=other":   "",
		"?TaskName=sync":                  "",
		"?taskName=a%2Fb&status=running":  "a/b",
		"?taskName=":                      "",
		"?status=running&taskname=sync&;": "",
	} {
		r := newRoutedRequest(t, "/tasks/executions"+query)
		if got := valueOf(r, byTask); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}
