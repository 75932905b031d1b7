// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"testing"

	"github.com/taskexec/taskexec/apiserver/auth"
	"github.com/taskexec/taskexec/apiserver/fixture"
)

func TestQuestions(t *testing.T) {
	for name, c := range map[string]struct {
		access   Right
		any, one auth.Question
	}{
		"a task": {
			Right{"execute", "tasks", ByTask},
			auth.Question{Verb: "execute", Resource: "tasks", Namespace: "ns"},
			auth.Question{Verb: "execute", Resource: "tasks", Namespace: "ns", Name: "x"},
		},
		"a run": {
			Right{"get", "taskexecutions", ByExecution},
			auth.Question{Verb: "get", Resource: "taskexecutions", Namespace: "ns"},
			auth.Question{Verb: "get", Resource: "taskexecutions", Namespace: "ns", Name: "x"},
		},
		"its log": {
			Right{"get", "taskexecutions/logs", ByExecution},
			auth.Question{Verb: "get", Resource: "taskexecutions", Subresource: "logs", Namespace: "ns"},
			auth.Question{Verb: "get", Resource: "taskexecutions", Subresource: "logs", Namespace: "ns", Name: "x"},
		},
		"the runs of a task": {
			Right{"list", "taskexecutions", ByTask},
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
		if got := (Right{"get", resource, ByExecution}).ofTask("ns", "t"); got != (auth.Question{Verb: "get", Resource: "tasks", Subresource: want, Namespace: "ns", Name: "t"}) {
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
		r := fixture.RoutedRequest(t, "/tasks/executions"+query)
		if got := valueOf(r, ByTask); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}
