package apiserver

import (
	"context"
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"
	"golang.org/x/sync/errgroup"

	"github.com/taskexec/taskexec/apiserver/auth"
)

// maxNarrow is how many names of a body are asked for one by one, and narrowAtOnce how many of these at the same time.
const (
	maxNarrow    = 100
	narrowAtOnce = 8
)

// authorize lets a request pass whose caller may do what its route does. Nothing was read by then but for one case:
// to know the task of a run that the caller may not name. The answer is the same whether that run is there.
func (in *scope) authorize(r *http.Request, a access) error {
	if in.guard.gate == nil {
		return nil
	}
	if a.named == inBody {
		allowed, err := in.allowed(r.Context(), a.any(in.namespace))
		in.narrow = !allowed
		return err
	}
	return in.require(r.Context(), a, valueOf(r, a.named))
}

// require asks whether the caller may do something to what has a name, which may be empty where a names nothing. Its
// error is the answer to the request.
func (in *scope) require(ctx context.Context, a access, name string) error {
	if in.guard.gate == nil {
		return nil
	}
	questions := []func() (auth.Question, error){func() (auth.Question, error) { return a.any(in.namespace), nil }}
	if a.named != "" && name != "" {
		questions = append(questions, func() (auth.Question, error) { return a.one(in.namespace, name), nil })
	}
	if a.named == byExecution && a.executions() {
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
	return a.refuse(in.who.name(), in.namespace, name)
}

// requireExecute asks for the right to run a task, where the task is known only when the body or a resource was read.
// Each way to a run takes it: execute, rerun, and whatever makes a schedule run.
func (in *scope) requireExecute(ctx context.Context, task string) error {
	return in.require(ctx, to("execute", "tasks", byTask), task)
}

// may reports whether the caller may do something to what has a name, where a refusal is no answer to the request.
func (in *scope) may(ctx context.Context, a access, name string) (bool, error) {
	err := in.require(ctx, a, name)
	refusal := &problem{}
	if errors.As(err, &refusal) && refusal.Status == http.StatusForbidden {
		return false, nil
	}
	return err == nil, err
}

// knowsTask reports whether a task exists, as far as the caller may know: who may read it, run it, or do something to its
// runs by its name. For others it does not exist while it has no runs. The right to all runs of a namespace tells nothing
// about its tasks.
func (in *scope) knowsTask(ctx context.Context, name string) (bool, error) {
	task, err := in.store().Task(ctx, name)
	if err != nil || task == nil || in.guard.gate == nil {
		return task != nil, err
	}
	get, execute := to("get", "tasks", byTask), to("execute", "tasks", byTask)
	for _, question := range []auth.Question{
		get.any(in.namespace), get.one(in.namespace, name), execute.one(in.namespace, name),
		to("list", "taskexecutions", byTask).ofTask(in.namespace, name), cancelEach.ofTask(in.namespace, name),
	} {
		if allowed, err := in.allowed(ctx, question); allowed || err != nil {
			return allowed, err
		}
	}
	return false, nil
}

// mustKnowTask answers that a task does not exist where knowsTask says so.
func (in *scope) mustKnowTask(ctx context.Context, name string) error {
	known, err := in.knowsTask(ctx, name)
	if err == nil && !known {
		err = noTask(name)
	}
	return err
}

// byTaskOf is the question about the runs of the task that a run is of. Where there is no such run it is about those
// of any task: who may see all of them may know that one is not there.
func (in *scope) byTaskOf(ctx context.Context, a access, id string) (auth.Question, error) {
	execution, err := in.store().Execution(ctx, id)
	if err != nil || execution == nil {
		return a.ofTask(in.namespace, ""), err
	}
	return a.ofTask(in.namespace, execution.Spec.TaskRef.Name), nil
}

func (in *scope) allowed(ctx context.Context, q auth.Question) (bool, error) {
	allowed, err := in.guard.gate.Allowed(ctx, in.who.user, q)
	if err != nil {
		return false, cannotAsk(err)
	}
	return allowed, nil
}

// requireEach asks for each name of a body, where the caller may not do it to any. All or nothing: who was refused one
// has done nothing.
func (in *scope) requireEach(ctx context.Context, a access, names []string) error {
	if !in.narrow {
		return nil
	}
	if len(names) > maxNarrow {
		p := a.refuse(in.who.name(), in.namespace, "")
		p.Detail += "; who may do it to some only can name at most 100 of them at once"
		return p
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(narrowAtOnce)
	for _, name := range names {
		group.Go(func() error { return in.require(ctx, a, name) })
	}
	return group.Wait()
}

// unnamed answers a body that names nothing. Who may do it to some only is told that this might be allowed, if the body
// were as it must be.
func (in *scope) unnamed(a access, err error) error {
	if !in.narrow {
		return err
	}
	p := a.refuse(in.who.name(), in.namespace, "")
	known := &problem{}
	if errors.As(err, &known) {
		p.Detail += "; and the body names none that it may: " + known.Detail
	}
	return p
}

// authorizePath lets a request pass whose caller may get a path that is no resource's.
func (g *guard) authorizePath(r *http.Request, path string) error {
	if g.gate == nil {
		return nil
	}
	c := callerOf(r.Context())
	allowed, err := g.gate.Allowed(r.Context(), c.user, questionOf(path))
	switch {
	case err != nil:
		return cannotAsk(err)
	case !allowed:
		return problemf(http.StatusForbidden, "%q may not get %s: no ClusterRole allows it the verb get on this nonResourceURL", c.name(), path)
	}
	return nil
}

// valueOf a parameter of the path, or else of the query, where it counts if it is there once.
func valueOf(r *http.Request, name string) string {
	for _, key := range chi.RouteContext(r.Context()).URLParams.Keys {
		if key == name {
			return pathValue(r, name)
		}
	}
	if values := r.URL.Query()[name]; len(values) == 1 {
		return values[0]
	}
	return ""
}
