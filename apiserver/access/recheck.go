package access

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-logr/logr"

	"github.com/taskexec/taskexec/apiserver/auth"
	"github.com/taskexec/taskexec/apiserver/web"
)

// ServeWhileAllowed serves an answer that may last. The caller is asked for anew every RecheckInterval: when its token
// has expired or it may no more, the request's context ends, with the problem as its cause. An answer that was begun
// then ends as a broken connection, whose client comes again and is told why.
func (in *Scope) ServeWhileAllowed(a Right, serve web.Handler, w http.ResponseWriter, r *http.Request) error {
	if in.Guard.Gate == nil {
		return serve(w, r)
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	r = r.WithContext(ctx)
	recorder := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if refusal := in.Recheck(r, a); refusal != nil {
			logr.FromContextOrDiscard(ctx).Info("A stream is cut off: its caller may not have it any more", "reason", refusal.Error())
			cancel(refusal)
		}
	}()
	defer func() { // also when it panics: what is asked for uses the request
		cancel(nil)
		<-ended
	}()
	err := serve(recorder, r)
	refusal := &web.Problem{}
	if !errors.As(context.Cause(ctx), &refusal) {
		return err
	}
	if recorder.Status() != 0 || recorder.BytesWritten() > 0 {
		panic(http.ErrAbortHandler)
	}
	return refusal
}

// Recheck waits until the caller may no more, and says why; nil when the request ended before. While the API server
// cannot be asked, what was allowed holds for one interval more.
func (in *Scope) Recheck(r *http.Request, a Right) error {
	tick := time.NewTicker(in.Guard.RecheckInterval)
	defer tick.Stop()
	doubt := false
	for {
		select {
		case <-r.Context().Done():
			return nil
		case <-tick.C:
		}
		err := in.stillAllowed(r, a)
		known := &web.Problem{}
		switch {
		case err == nil:
			doubt = false
		case r.Context().Err() != nil:
			return nil
		case errors.As(err, &known) && known.Status == http.StatusServiceUnavailable && !doubt:
			doubt = true
		default:
			return web.ProblemOf(err)
		}
	}
}

func (in *Scope) stillAllowed(r *http.Request, a Right) error {
	ctx, cancel := context.WithTimeout(r.Context(), in.Guard.Timeout)
	defer cancel()
	r = r.WithContext(ctx)
	u, err := in.Guard.Gate.Authenticate(r.Context(), in.Who.Token)
	switch {
	case errors.Is(err, auth.ErrBadToken) || err == nil && u.GetName() != in.Who.Name():
		return web.Problemf(http.StatusUnauthorized, "the token is not valid any more")
	case err != nil:
		return cannotAsk(err)
	}
	again := *in
	again.Who = &Caller{User: u, Token: in.Who.Token}
	return again.authorize(r, a)
}
