// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/taskexec/taskexec/apiserver/auth"
	"github.com/taskexec/taskexec/apiserver/web"
)

// Right is the right that a route needs: a verb on a resource of taskexec.dev, as in RBAC.
type Right struct {
	Verb, Resource string
	// Named is the parameter of the path or the query that has the object's name. If it is empty, the right is about
	// all objects of the namespace. With "taskName", it is about the executions of that task. With inBody, the handler
	// reads the names from the body and checks each.
	Named string
}

// inBody says that the names are in the request's body, which is read after the caller is known.
const inBody = "*"

// Parameters that have names.
const (
	ByExecution = "executionId"
	ByTask      = "taskName"
)

// To returns the access for a verb on the resource whose name is in a parameter.
func To(verb, resource, named string) Right { return Right{verb, resource, named} }

// CancelEach is the access to cancel the executions that a body names.
var CancelEach = To("cancel", "taskexecutions", inBody)

// OfNames returns the access to objects whose names come from a body.
func (a Right) OfNames(named string) Right { return Right{a.Verb, a.Resource, named} }

// executions reports whether it is about executions or their logs.
func (a Right) executions() bool {
	resource, _, _ := strings.Cut(a.Resource, "/")
	return resource == "taskexecutions"
}

// any returns the question whether the access is allowed for every name. It is asked first, because its cached answer
// holds for all names: polling many runs asks the API server no more often than polling one.
func (a Right) any(namespace string) auth.Question {
	resource, subresource, _ := strings.Cut(a.Resource, "/")
	return auth.Question{Verb: a.Verb, Resource: resource, Subresource: subresource, Namespace: namespace}
}

// one returns the question whether the access is allowed for one name.
func (a Right) one(namespace, name string) auth.Question {
	if a.executions() && a.Named == ByTask {
		return a.ofTask(namespace, name)
	}
	q := a.any(namespace)
	q.Name = name
	return q
}

// ofTask returns the question whether the access is allowed for the runs of a task: the same verb on the task's
// subresource executions or logs. So a Role with resourceNames can allow only the runs of one task.
func (a Right) ofTask(namespace, task string) auth.Question {
	subresource := "executions"
	if _, of, found := strings.Cut(a.Resource, "/"); found {
		subresource = of
	}
	return auth.Question{Verb: a.Verb, Resource: "tasks", Subresource: subresource, Namespace: namespace, Name: task}
}

// Refuse returns the error 403. It is the same whether or not the object exists.
func (a Right) Refuse(user, namespace, name string) *web.Problem {
	what := a.Resource
	if name != "" && a.executions() && a.Named == ByTask {
		what = fmt.Sprintf("%s of the task %q", a.Resource, name)
	} else if name != "" {
		what = fmt.Sprintf("%s %q", a.Resource, name)
	}
	return web.Problemf(http.StatusForbidden, "%q may not %s %s in the namespace %q: no Role there grants the verb %s on %s of taskexec.dev",
		user, a.Verb, what, namespace, a.Verb, a.Resource)
}

// questionOf returns the question for a path that is not a resource, such as /metrics.
func questionOf(path string) auth.Question { return auth.Question{Verb: "get", Path: path} }
