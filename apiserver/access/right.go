package access

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/taskexec/taskexec/apiserver/auth"
	"github.com/taskexec/taskexec/apiserver/web"
)

// Right is what a caller must be allowed to do: a verb on a resource of taskexec.dev, as RBAC has it.
type Right struct {
	Verb, Resource string
	// Named by this parameter of the path, or else of the query; empty means any of the namespace. Executions that are
	// named by "taskName" are those of that task. inBody means that the handler finds the names, and asks for each.
	Named string
}

// inBody: what is asked for is named by the request's body, which is read when it is known who sent it.
const inBody = "*"

// Parameters that name something.
const (
	ByExecution = "executionId"
	ByTask      = "taskName"
)

// To returns the access to do what verb says to a resource that a parameter names.
func To(verb, resource, named string) Right { return Right{verb, resource, named} }

// CancelEach is the access to the executions that a body names.
var CancelEach = To("cancel", "taskexecutions", inBody)

// OfNames is the access to each of those that a body names.
func (a Right) OfNames(named string) Right { return Right{a.Verb, a.Resource, named} }

// executions tells whether it is about runs, or their logs.
func (a Right) executions() bool {
	resource, _, _ := strings.Cut(a.Resource, "/")
	return resource == "taskexecutions"
}

// any is the question that allows it whatever the name. It comes first: its answer holds for all names, so that a
// poll of many runs asks the API server no more than a poll of one.
func (a Right) any(namespace string) auth.Question {
	resource, subresource, _ := strings.Cut(a.Resource, "/")
	return auth.Question{Verb: a.Verb, Resource: resource, Subresource: subresource, Namespace: namespace}
}

// one is the question that allows it for a name.
func (a Right) one(namespace, name string) auth.Question {
	if a.executions() && a.Named == ByTask {
		return a.ofTask(namespace, name)
	}
	q := a.any(namespace)
	q.Name = name
	return q
}

// ofTask is the question that allows it for the runs of a task: the same verb on the task's own subresource, executions
// or logs. So a Role with resourceNames can say "only the runs of this task", which no list of names of runs could.
func (a Right) ofTask(namespace, task string) auth.Question {
	subresource := "executions"
	if _, of, found := strings.Cut(a.Resource, "/"); found {
		subresource = of
	}
	return auth.Question{Verb: a.Verb, Resource: "tasks", Subresource: subresource, Namespace: namespace, Name: task}
}

// Refuse says what is missing. It says the same of what is there and of what is not.
func (a Right) Refuse(user, namespace, name string) *web.Problem {
	what := a.Resource
	if name != "" && a.executions() && a.Named == ByTask {
		what = fmt.Sprintf("%s of the task %q", a.Resource, name)
	} else if name != "" {
		what = fmt.Sprintf("%s %q", a.Resource, name)
	}
	return web.Problemf(http.StatusForbidden, "%q may not %s %s in the namespace %q: no Role there allows it the verb %s on %s of taskexec.dev",
		user, a.Verb, what, namespace, a.Verb, a.Resource)
}

// questionOf a path that is no resource's, such as /metrics.
func questionOf(path string) auth.Question { return auth.Question{Verb: "get", Path: path} }
