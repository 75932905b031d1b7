package apiserver

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/taskexec/taskexec/apiserver/auth"
)

// access is what a caller must be allowed to do: a verb on a resource of taskexec.dev, as RBAC has it.
type access struct {
	verb, resource string
	// named by this parameter of the path, or else of the query; empty means any of the namespace. Executions that are
	// named by "taskName" are those of that task. inBody means that the handler finds the names, and asks for each.
	named string
}

// inBody: what is asked for is named by the request's body, which is read when it is known who sent it.
const inBody = "*"

// Parameters that name something.
const (
	byExecution = "executionId"
	byTask      = "taskName"
)

// to returns the access to do what verb says to a resource that a parameter names.
func to(verb, resource, named string) access { return access{verb, resource, named} }

// cancelEach is the access to the executions that a body names.
var cancelEach = to("cancel", "taskexecutions", inBody)

// ofNames is the access to each of those that a body names.
func (a access) ofNames(named string) access { return access{a.verb, a.resource, named} }

// executions tells whether it is about runs, or their logs.
func (a access) executions() bool {
	resource, _, _ := strings.Cut(a.resource, "/")
	return resource == "taskexecutions"
}

// any is the question that allows it whatever the name. It comes first: its answer holds for all names, so that a
// poll of many runs asks the API server no more than a poll of one.
func (a access) any(namespace string) auth.Question {
	resource, subresource, _ := strings.Cut(a.resource, "/")
	return auth.Question{Verb: a.verb, Resource: resource, Subresource: subresource, Namespace: namespace}
}

// one is the question that allows it for a name.
func (a access) one(namespace, name string) auth.Question {
	if a.executions() && a.named == byTask {
		return a.ofTask(namespace, name)
	}
	q := a.any(namespace)
	q.Name = name
	return q
}

// ofTask is the question that allows it for the runs of a task: the same verb on the task's own subresource, executions
// or logs. So a Role with resourceNames can say "only the runs of this task", which no list of names of runs could.
func (a access) ofTask(namespace, task string) auth.Question {
	subresource := "executions"
	if _, of, found := strings.Cut(a.resource, "/"); found {
		subresource = of
	}
	return auth.Question{Verb: a.verb, Resource: "tasks", Subresource: subresource, Namespace: namespace, Name: task}
}

// refuse says what is missing. It says the same of what is there and of what is not.
func (a access) refuse(user, namespace, name string) *problem {
	what := a.resource
	if name != "" && a.executions() && a.named == byTask {
		what = fmt.Sprintf("%s of the task %q", a.resource, name)
	} else if name != "" {
		what = fmt.Sprintf("%s %q", a.resource, name)
	}
	return problemf(http.StatusForbidden, "%q may not %s %s in the namespace %q: no Role there allows it the verb %s on %s of taskexec.dev",
		user, a.verb, what, namespace, a.verb, a.resource)
}

// questionOf a path that is no resource's, such as /metrics.
func questionOf(path string) auth.Question { return auth.Question{Verb: "get", Path: path} }
