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

// inBody says that the names are in the request's body. It is read after authentication.
const inBody = "*"

// Parameters that have names.
const (
	ByExecution = "executionId"
	ByTask      = "taskName"
)

// RightTo returns the right to use a verb on the resource whose name is in a parameter.
func RightTo(verb, resource, named string) Right { return Right{verb, resource, named} }

// CancelEach is the right to cancel the executions that a body names.
var CancelEach = RightTo("cancel", "taskexecutions", inBody)

// OfNames returns the right to objects whose names come from a body.
func (r Right) OfNames(named string) Right { return Right{r.Verb, r.Resource, named} }

// executions reports whether the right is about executions or their logs.
func (r Right) executions() bool {
	resource, _, _ := strings.Cut(r.Resource, "/")
	return resource == "taskexecutions"
}

// any returns the question whether the right is granted for every name. It is asked first, because its cached answer
// holds for all names: polling many runs asks the API server no more often than polling one.
func (r Right) any(namespace string) auth.Question {
	resource, subresource, _ := strings.Cut(r.Resource, "/")
	return auth.Question{Verb: r.Verb, Resource: resource, Subresource: subresource, Namespace: namespace}
}

// one returns the question whether the right is granted for one name.
func (r Right) one(namespace, name string) auth.Question {
	if r.executions() && r.Named == ByTask {
		return r.ofTask(namespace, name)
	}
	q := r.any(namespace)
	q.Name = name
	return q
}

// ofTask returns the question whether the right is granted for the runs of a task: the same verb on the task's
// subresource executions or logs. So a Role with resourceNames can allow only the runs of one task.
func (r Right) ofTask(namespace, task string) auth.Question {
	subresource := "executions"
	if _, of, found := strings.Cut(r.Resource, "/"); found {
		subresource = of
	}
	return auth.Question{Verb: r.Verb, Resource: "tasks", Subresource: subresource, Namespace: namespace, Name: task}
}

// Refuse returns the error 403. It is the same whether or not the object exists.
func (r Right) Refuse(user, namespace, name string) *web.Problem {
	what := r.Resource
	if name != "" && r.executions() && r.Named == ByTask {
		what = fmt.Sprintf("%s of the task %q", r.Resource, name)
	} else if name != "" {
		what = fmt.Sprintf("%s %q", r.Resource, name)
	}
	return web.Problemf(http.StatusForbidden, "%q may not %s %s in the namespace %q: no Role there grants the verb %s on %s of taskexec.dev",
		user, r.Verb, what, namespace, r.Verb, r.Resource)
}

// questionOf returns the question for a path that is not a resource, such as /metrics.
func questionOf(path string) auth.Question { return auth.Question{Verb: "get", Path: path} }
