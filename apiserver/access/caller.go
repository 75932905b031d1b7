// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"context"
	"net/http"

	"k8s.io/apiserver/pkg/authentication/user"

	"github.com/taskexec/taskexec/apiserver/auth"
	"github.com/taskexec/taskexec/controllers/logs/parse"
)

// Gate says who callers are and what they may do. Any error other than auth.ErrBadToken means that it could not find
// out.
type Gate interface {
	// Authenticate returns the user of a token that is for the facade.
	Authenticate(ctx context.Context, token string) (user.Info, error)
	// AuthenticateForAPIServer returns the user of a token that is for the API server.
	AuthenticateForAPIServer(ctx context.Context, token string) (user.Info, error)
	// Issued reports whether the cluster signed a token, without a review. The token may have been revoked.
	Issued(ctx context.Context, token string) bool
	// Allowed reports whether a user may do something.
	Allowed(ctx context.Context, u user.Info, q auth.Question) (bool, error)
}

// Caller is who sent a request.
type Caller struct {
	// User is nil before authentication, and with --auth=none.
	User user.Info
	// Credential is kept to check the caller of a stream again.
	Credential Credential
}

type callerKey struct{}

// ExpectCaller adds an empty caller to the context, to be filled by authentication. So the middleware before
// authentication, for logs and traces, sees it too.
func ExpectCaller(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, &Caller{})))
	})
}

// CallerOf returns the caller of a request. It is never nil.
func CallerOf(ctx context.Context) *Caller {
	if c, ok := ctx.Value(callerKey{}).(*Caller); ok {
		return c
	}
	return &Caller{}
}

// Name returns the full name of the user, which identifies the caller. It is empty with --auth=none.
func (c *Caller) Name() string {
	if c == nil || c.User == nil {
		return ""
	}
	return c.User.GetName()
}

// UserOf returns the name of the user who sent a request. It is empty with --auth=none.
func UserOf(ctx context.Context) string { return CallerOf(ctx).Name() }

// maxUser is the limit of the CRDs for trigger.user and cancel.RequestedBy, in characters.
const maxUser = 253

// User returns the name of the user for resources, clipped to maxUser. It is empty with --auth=none.
func (in *Scope) User() string {
	name := []rune(parse.OneLine(in.Who.Name()))
	if len(name) > maxUser {
		return string(name[:maxUser-1]) + "…"
	}
	return string(name)
}

// RequestedBy is the facade's name in spec.cancel, if no caller is known.
const RequestedBy = "rest"
