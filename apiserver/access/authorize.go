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

// maxNarrow is how many names of a body are asked for one by one, and narrowAtOnce how many of these at the same time.
const (
	maxNarrow    = 100
	narrowAtOnce = 8
)

// authorize lets a request pass whose caller may do what its route does. Nothing was read by then but for one case:
// to know the task of a run that the caller may not name. The answer is the same whether that run is there.
func (in *Scope) authorize(r *http.Request, a Right) error {
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

// require asks whether the caller may do something to what has a name, which may be empty where a names nothing. Its
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

// RequireExecute asks for the right to run a task, where the task is known only when the body or a resource was read.
// Each way to a run takes it: execute, rerun, and whatever makes a schedule run.
func (in *Scope) RequireExecute(ctx context.Context, task string) error {
	return in.require(ctx, To("execute", "tasks", ByTask), task)
}

// May reports whether the caller may do something to what has a name, where a refusal is no answer to the request.
func (in *Scope) May(ctx context.Context, a Right, name string) (bool, error) {
	err := in.require(ctx, a, name)
	refusal := &web.Problem{}
	if errors.As(err, &refusal) && refusal.Status == http.StatusForbidden {
		return false, nil
	}
	return err == nil, err
}

// KnowsTask reports whether a task exists, as far as the caller may know: who may read it, run it, or do something to its
// runs by its name. For others it does not exist while it has no runs. The right to all runs of a namespace tells nothing
// about its tasks.
func (in *Scope) KnowsTask(ctx context.Context, name string) (bool, error) {
	task, err := in.store().Task(ctx, name)
	if err != nil || task == nil || in.Guard.Gate == nil {
		return task != nil, err
	}
	get, execute := To("get", "tasks", ByTask), To("execute", "tasks", ByTask)
	for _, question := range []auth.Question{
		get.any(in.Namespace), get.one(in.Namespace, name), execute.one(in.Namespace, name),
		To("list", "taskexecutions", ByTask).ofTask(in.Namespace, name), CancelEach.ofTask(in.Namespace, name),
	} {
		if allowed, err := in.allowed(ctx, question); allowed || err != nil {
			return allowed, err
		}
	}
	return false, nil
}

// MustKnowTask answers that a task does not exist where knowsTask says so.
func (in *Scope) MustKnowTask(ctx context.Context, name string) error {
	known, err := in.KnowsTask(ctx, name)
	if err == nil && !known {
		err = web.NoTask(name)
	}
	return err
}

// byTaskOf is the question about the runs of the task that a run is of. Where there is no such run it is about those
// of any task: who may see all of them may know that one is not there.
func (in *Scope) byTaskOf(ctx context.Context, a Right, id string) (auth.Question, error) {
	execution, err := in.store().Execution(ctx, id)
	if err != nil || execution == nil {
		return a.ofTask(in.Namespace, ""), err
	}
	return a.ofTask(in.Namespace, execution.Spec.TaskRef.Name), nil
}

func (in *Scope) allowed(ctx context.Context, q auth.Question) (bool, error) {
	allowed, err := in.Guard.Gate.Allowed(ctx, in.Who.User, q)
	if err != nil {
		return false, cannotAsk(err)
	}
	return allowed, nil
}

// RequireEach asks for each name of a body, where the caller may not do it to any. All or nothing: who was refused one
// has done nothing.
func (in *Scope) RequireEach(ctx context.Context, a Right, names []string) error {
	if !in.narrow {
		return nil
	}
	if len(names) > maxNarrow {
		p := a.Refuse(in.Who.Name(), in.Namespace, "")
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

// Unnamed answers a body that names nothing. Who may do it to some only is told that this might be allowed, if the body
// were as it must be.
func (in *Scope) Unnamed(a Right, err error) error {
	if !in.narrow {
		return err
	}
	p := a.Refuse(in.Who.Name(), in.Namespace, "")
	known := &web.Problem{}
	if errors.As(err, &known) {
		p.Detail += "; and the body names none that it may: " + known.Detail
	}
	return p
}

// AuthorizePath lets a request pass whose caller may get a path that is no resource's.
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
		return web.Problemf(http.StatusForbidden, "%q may not get %s: no ClusterRole allows it the verb get on this nonResourceURL", c.Name(), path)
	}
	return nil
}

// valueOf a parameter of the path, or else of the query, where it counts if it is there once.
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
