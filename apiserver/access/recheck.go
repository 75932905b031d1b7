// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

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

// ServeWhileAllowed serves an answer that may last, and checks the caller again every RecheckInterval. If the token has
// expired or the right is gone, the request's context ends, with the problem as its cause. An answer that has begun
// then ends as a broken connection; its client reconnects and gets the reason.
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
			logr.FromContextOrDiscard(ctx).Info("Closed a stream: its caller is no longer allowed to read it", "reason", refusal.Error())
			cancel(refusal)
		}
	}()
	defer func() { // also after a panic, because Recheck uses the request
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

// Recheck waits until the caller is no longer allowed and returns why. It returns nil if the request ends first. If the
// API server cannot be asked, the right holds for one more interval.
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
	if in.Who.Credential.isOver(time.Now()) {
		return web.Problemf(http.StatusUnauthorized, "the session is over; log in again")
	}
	ctx, cancel := context.WithTimeout(r.Context(), in.Guard.Timeout)
	defer cancel()
	r = r.WithContext(ctx)
	u, err := in.Who.Credential.review(r.Context(), in.Guard.Gate)
	switch {
	case errors.Is(err, auth.ErrBadToken) || err == nil && u.GetName() != in.Who.Name():
		return web.Problemf(http.StatusUnauthorized, "the token is no longer valid")
	case err != nil:
		return cannotAsk(err)
	}
	again := *in
	again.Who = &Caller{User: u, Credential: in.Who.Credential}
	return again.checkRight(r, a)
}
