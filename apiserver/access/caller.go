package access

import (
	"context"
	"net/http"

	"k8s.io/apiserver/pkg/authentication/user"

	"github.com/taskexec/taskexec/apiserver/auth"
	"github.com/taskexec/taskexec/controllers/logs/parse"
)

// Gate says who callers are and what they may do. Its errors, other than auth.ErrBadToken, mean that it could not
// find out.
type Gate interface {
	// Authenticate gives the user of a token that was made for the facade.
	Authenticate(ctx context.Context, token string) (user.Info, error)
	// AuthenticateForAPIServer gives the user of a token that was made for the API server.
	AuthenticateForAPIServer(ctx context.Context, token string) (user.Info, error)
	// Issued reports whether the cluster itself signed a token, without asking about it. The token need not be valid.
	Issued(ctx context.Context, token string) bool
	// Allowed tells whether a user may do something.
	Allowed(ctx context.Context, u user.Info, q auth.Question) (bool, error)
}

// Caller is who sent a request.
type Caller struct {
	// User is nil while it is not known, and where nobody is asked (--auth=none).
	User user.Info
	// Token is kept for requests that last.
	Token string
}

type callerKey struct{}

// ExpectCaller makes the place in which the caller is put once it is known, so that those see it, too, who were
// asked before: logs and traces.
func ExpectCaller(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, &Caller{})))
	})
}

// CallerOf a request; not nil.
func CallerOf(ctx context.Context) *Caller {
	if c, ok := ctx.Value(callerKey{}).(*Caller); ok {
		return c
	}
	return &Caller{}
}

// Name is the whole name of the user, by which callers are told apart; empty where nobody is asked.
func (c *Caller) Name() string {
	if c == nil || c.User == nil {
		return ""
	}
	return c.User.GetName()
}

// UserOf returns the name of the user who sent a request; empty where nobody is asked.
func UserOf(ctx context.Context) string { return CallerOf(ctx).Name() }

// maxUser in characters, as the CRDs have it for trigger.user and cancel.RequestedBy.
const maxUser = 253

// User is the name of the user as it stands in resources, which is cut where it is longer than they take. It is empty
// where nobody is asked.
func (in *Scope) User() string {
	name := []rune(parse.OneLine(in.Who.Name()))
	if len(name) > maxUser {
		return string(name[:maxUser-1]) + "…"
	}
	return string(name)
}

// RequestedBy names the facade in spec.cancel, where no caller is known.
const RequestedBy = "rest"
