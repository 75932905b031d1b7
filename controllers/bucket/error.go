// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package bucket

import (
	"context"
	"errors"
	"net"
	"net/http"

	"gocloud.dev/gcerrors"

	storecode "github.com/taskexec/taskexec/controllers/bucket/code"
)

// ErrDamaged means that an object was read and cannot be used.
var ErrDamaged = errors.New("it cannot be used")

// Error says why an archive could not be read: because of its store or its content.
type Error struct {
	// Doing names what was tried.
	Doing string
	Err   error
}

// Error returns the text for operators. It has no secret of the store's URL.
func (e *Error) Error() string { return e.Doing + ": " + Redact(e.Err).Error() }

func (e *Error) Unwrap() error { return e.Err }

// Gone reports whether the store works but lacks what the index lists. Then a retry does not help.
func (e *Error) Gone() bool {
	return errors.Is(e.Err, ErrDamaged) || IsMissing(e.Err)
}

// Brief returns the text for callers, who must not learn where the store is.
func (e *Error) Brief() string {
	_, status := storecode.Of(e.Err)
	switch {
	case errors.Is(e.Err, ErrDamaged):
		return "what is archived cannot be used"
	case IsMissing(e.Err):
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
