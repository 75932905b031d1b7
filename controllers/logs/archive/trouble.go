package archive

import (
	"context"
	"errors"
	"net"
	"net/http"

	"gocloud.dev/gcerrors"

	storecode "github.com/taskexec/taskexec/controllers/logs/archive/code"
)

// errDamaged is what was read and cannot be used.
var errDamaged = errors.New("it cannot be used")

// Error is what kept an archive from being read: its store, or what is in it.
type Error struct {
	// Doing is what was tried.
	Doing string
	Err   error
}

// Error tells operators. It has no secret of the store's URL.
func (e *Error) Error() string { return e.Doing + ": " + redact(e.Err).Error() }

func (e *Error) Unwrap() error { return e.Err }

// Gone tells whether the store works and does not have what the index says. Trying again does not help then.
func (e *Error) Gone() bool {
	return errors.Is(e.Err, errDamaged) || isMissing(e.Err)
}

// Brief says in a few words what is wrong, to callers who may not know where the store is.
func (e *Error) Brief() string {
	_, status := storecode.Of(e.Err)
	switch {
	case errors.Is(e.Err, errDamaged):
		return "what is archived cannot be used"
	case isMissing(e.Err):
		return "a part of what was archived is gone"
	case errors.Is(e.Err, context.DeadlineExceeded):
		return "its store does not answer in time"
	case gcerrors.Code(e.Err) == gcerrors.PermissionDenied, status == http.StatusForbidden, status == http.StatusUnauthorized:
		return "its store refuses the facade's credentials"
	case status == http.StatusTooManyRequests, status >= http.StatusInternalServerError:
		return "its store does not work now"
	case errors.As(e.Err, new(*net.OpError)), errors.As(e.Err, new(*net.DNSError)):
		return "its store cannot be reached"
	default:
		return "its store cannot be read"
	}
}
