// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"context"
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"
	"golang.org/x/sync/errgroup"

	"github.com/taskexec/taskexec/apiserver/auth"
	"github.com/taskexec/taskexec/apiserver/web"
)

// maxNarrow is the most names of a body that are checked one by one. narrowAtOnce of them are checked concurrently.
const (
	maxNarrow    = 100
	narrowAtOnce = 8
)

// checkRight rejects callers that lack the route's right. Until then, the facade reads nothing except the execution, to
// find its task. The answer is the same whether or not that execution exists.
func (in *Scope) checkRight(r *http.Request, a Right) error {
	if in.Guard.Gate == nil {
		return nil
	}
	if a.Named == inBody {
		allowed, err := in.allowed(r.Context(), a.any(in.Namespace))
		in.narrow = !allowed
		return err
	}
	return in.require(r.Context(), a, valueOf(r, a.Named))
}

// require checks whether the caller has a right to the named object. The name is empty for rights that need none. The
// error is the answer to the request.
func (in *Scope) require(ctx context.Context, a Right, name string) error {
	if in.Guard.Gate == nil {
		return nil
	}
	questions := []func() (auth.Question, error){func() (auth.Question, error) { return a.any(in.Namespace), nil }}
	if a.Named != "" && name != "" {
		questions = append(questions, func() (auth.Question, error) { return a.one(in.Namespace, name), nil })
	}
	if a.Named == ByExecution && a.executions() {
		questions = append(questions, func() (auth.Question, error) { return in.byTaskOf(ctx, a, name) })
	}
	for _, ask := range questions {
		question, err := ask()
		if err != nil {
			return err
		}
		allowed, err := in.allowed(ctx, question)
		if allowed || err != nil {
			return err
		}
	}
	return a.Refuse(in.Who.Name(), in.Namespace, name)
}

// RequireExecute checks the right to run a task whose name is known only after the body or a resource was read. Every
// way to start a run needs this right: execute, rerun, and any change that makes a schedule start runs.
func (in *Scope) RequireExecute(ctx context.Context, task string) error {
	return in.require(ctx, RightTo("execute", "tasks", ByTask), task)
}

// Require checks a right to an object whose name the route's right does not cover. The error is the answer to the request.
func (in *Scope) Require(ctx context.Context, a Right, name string) error {
	return in.require(ctx, a, name)
}

// May reports whether the caller has a right to the named object. It is for cases in which a refusal is not the answer
// to the request.
func (in *Scope) May(ctx context.Context, a Right, name string) (bool, error) {
	err := in.require(ctx, a, name)
	refusal := &web.Problem{}
	if errors.As(err, &refusal) && refusal.Status == http.StatusForbidden {
		return false, nil
	}
	return err == nil, err
}

// KnowsTask reports whether a task exists, if the caller may know that. A caller may know it with the right to read the
// task, to run it, or to access its runs by its name. For other callers, a task without runs does not exist. A right to
// all runs of a namespace says nothing about its tasks.
func (in *Scope) KnowsTask(ctx context.Context, name string) (bool, error) {
	task, err := in.store().Task(ctx, name)
	if err != nil || task == nil || in.Guard.Gate == nil {
		return task != nil, err
	}
	get, execute := RightTo("get", "tasks", ByTask), RightTo("execute", "tasks", ByTask)
	for _, question := range []auth.Question{
		get.any(in.Namespace), get.one(in.Namespace, name), execute.one(in.Namespace, name),
		RightTo("list", "taskexecutions", ByTask).ofTask(in.Namespace, name), CancelEach.ofTask(in.Namespace, name),
	} {
		if allowed, err := in.allowed(ctx, question); allowed || err != nil {
			return allowed, err
		}
	}
	return false, nil
}

// MustKnowTask returns the answer 404 if the task does not exist for the caller.
func (in *Scope) MustKnowTask(ctx context.Context, name string) error {
	known, err := in.KnowsTask(ctx, name)
	if err == nil && !known {
		err = web.NoTask(name)
	}
	return err
}

// byTaskOf returns the question about the runs of an execution's task. If there is no such execution, it is about the
// runs of all tasks: only a caller with that right may learn that the execution does not exist. An archived execution is read from the
// archive.
func (in *Scope) byTaskOf(ctx context.Context, a Right, id string) (auth.Question, error) {
	execution, err := in.store().Execution(ctx, id)
	if err != nil {
		return auth.Question{}, err
	}
	if execution != nil {
		return a.ofTask(in.Namespace, execution.Spec.TaskRef.Name), nil
	}
	task := ""
	if a.Verb == "get" && in.Guard.Past != nil { // nothing else can be done with an archived run
		task, err = in.Guard.Past.TaskOf(ctx, in.Namespace, id)
	}
	return a.ofTask(in.Namespace, task), err
}

func (in *Scope) allowed(ctx context.Context, q auth.Question) (bool, error) {
	allowed, err := in.Guard.Gate.Allowed(ctx, in.Who.User, q)
	if err != nil {
		return false, cannotAsk(err)
	}
	return allowed, nil
}

// RequireEach checks each name of a body, for a caller without the right to all names. If one is refused, nothing is
// done.
func (in *Scope) RequireEach(ctx context.Context, a Right, names []string) error {
	if !in.narrow {
		return nil
	}
	if len(names) > maxNarrow {
		p := a.Refuse(in.Who.Name(), in.Namespace, "")
		p.Detail += "; a caller with the right to only some names can name at most 100 at once"
		return p
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(narrowAtOnce)
	for _, name := range names {
		group.Go(func() error { return in.require(ctx, a, name) })
	}
	return group.Wait()
}

// RefuseWithoutNames answers a body without names. A caller with the right to some names learns that a valid body might
// be allowed.
func (in *Scope) RefuseWithoutNames(a Right, err error) error {
	if !in.narrow {
		return err
	}
	p := a.Refuse(in.Who.Name(), in.Namespace, "")
	known := &web.Problem{}
	if errors.As(err, &known) {
		p.Detail += "; and the body names nothing that the caller has a right to: " + known.Detail
	}
	return p
}

// AuthorizePath rejects callers without the right to get a path that is not a resource.
func (g *Guard) AuthorizePath(r *http.Request, path string) error {
	if g.Gate == nil {
		return nil
	}
	c := CallerOf(r.Context())
	allowed, err := g.Gate.Allowed(r.Context(), c.User, questionOf(path))
	switch {
	case err != nil:
		return cannotAsk(err)
	case !allowed:
		return web.Problemf(http.StatusForbidden, "%q may not get %s: no ClusterRole grants the verb get on this nonResourceURL", c.Name(), path)
	}
	return nil
}

// valueOf returns a parameter of the path, or else of the query if it is there exactly once.
func valueOf(r *http.Request, name string) string {
	for _, key := range chi.RouteContext(r.Context()).URLParams.Keys {
		if key == name {
			return web.PathValue(r, name)
		}
	}
	if values := r.URL.Query()[name]; len(values) == 1 {
		return values[0]
	}
	return ""
}
