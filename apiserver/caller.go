package apiserver

import (
	"context"
	"net/http"

	"k8s.io/apiserver/pkg/authentication/user"

	"github.com/taskexec/taskexec/apiserver/auth"
	"github.com/taskexec/taskexec/controllers/logs/parse"
)

// gate says who callers are and what they may do. Its errors, other than auth.ErrBadToken, mean that it could not
// find out.
type gate interface {
	// Authenticate gives the user of a token that was made for the facade.
	Authenticate(ctx context.Context, token string) (user.Info, error)
	// AuthenticateForAPIServer gives the user of a token that was made for the API server.
	AuthenticateForAPIServer(ctx context.Context, token string) (user.Info, error)
	// Issued reports whether the cluster itself signed a token, without asking about it. The token need not be valid.
	Issued(ctx context.Context, token string) bool
	// Allowed tells whether a user may do something.
	Allowed(ctx context.Context, u user.Info, q auth.Question) (bool, error)
}

// caller is who sent a request.
type caller struct {
	// user is nil while it is not known, and where nobody is asked (--auth=none).
	user user.Info
	// token is kept for requests that last.
	token string
}

type callerKey struct{}

// expectCaller makes the place in which the caller is put once it is known, so that those see it, too, who were
// asked before: logs and traces.
func expectCaller(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, &caller{})))
	})
}

// callerOf a request; not nil.
func callerOf(ctx context.Context) *caller {
	if c, ok := ctx.Value(callerKey{}).(*caller); ok {
		return c
	}
	return &caller{}
}

// name is the whole name of the user, by which callers are told apart; empty where nobody is asked.
func (c *caller) name() string {
	if c == nil || c.user == nil {
		return ""
	}
	return c.user.GetName()
}

// userOf returns the name of the user who sent a request; empty where nobody is asked.
func userOf(ctx context.Context) string { return callerOf(ctx).name() }

// maxUser in characters, as the CRDs have it for trigger.user and cancel.requestedBy.
const maxUser = 253

// user is the name of the user as it stands in resources, which is cut where it is longer than they take. It is empty
// where nobody is asked.
func (in *scope) user() string {
	name := []rune(parse.OneLine(in.who.name()))
	if len(name) > maxUser {
		return string(name[:maxUser-1]) + "…"
	}
	return string(name)
}

// requestedBy names the facade in spec.cancel, where no caller is known.
const requestedBy = "rest"
