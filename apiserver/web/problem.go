package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/params"
)

// Problem is an error as it is sent: RFC 9457, type about:blank, so that title is the status in words.
type Problem struct {
	// Title is the status in words.
	Title string `json:"title"`
	// Status of the answer.
	Status int `json:"status"`
	// Detail says what is wrong, on what, and what to do.
	Detail string `json:"detail,omitempty"`
	// Errors say what is wrong with each field.
	Errors []FieldError `json:"errors,omitempty"`
	// Cancelled are the executions of a bulk cancel that failed in part, and were cancelled all the same.
	Cancelled []string `json:"cancelled,omitempty"`
	// Failed are those that could not be cancelled.
	Failed []string `json:"failed,omitempty"`
	// RequestID finds the request in the facade's log.
	RequestID string `json:"requestId,omitempty"`

	// RetryAfter in seconds, zero for none.
	RetryAfter int `json:"-"`
}

// FieldError says what is wrong with one field.
type FieldError struct {
	// Pointer to the field in the request's body (RFC 6901).
	Pointer string `json:"pointer"`
	// Detail says what is wrong with it.
	Detail string `json:"detail"`
}

// Error makes a problem an error: handlers return it.
func (p *Problem) Error() string { return fmt.Sprintf("%d: %s", p.Status, p.Detail) }

func Problemf(status int, format string, args ...any) *Problem {
	return &Problem{Status: status, Detail: fmt.Sprintf(format, args...)}
}

// UnavailableRetry in seconds, when the API server is busy or away.
const UnavailableRetry = 2

// ProblemOf gives the answer to an error. It is the only place that knows which error means which status. What
// is not there is answered by the handlers; where Kubernetes says so of a write, the namespace is missing.
func ProblemOf(err error) *Problem {
	var known *Problem
	var tooLarge *http.MaxBytesError
	var fields params.FieldErrors
	var unreachable *url.Error
	var archived *archive.Error
	var notStarted *cache.ErrCacheNotStarted
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &tooLarge):
		return Problemf(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", tooLarge.Limit)
	case errors.As(err, &fields):
		return paramsProblem(fields)
	case errors.As(err, &archived) && archived.Gone():
		return Problemf(http.StatusGone, "what is asked for was in the archive alone, and %s; the part that is kept on the run is in the run's logs", archived.Brief())
	case errors.As(err, &archived):
		return Unavailable("the archive of logs cannot be read: " + archived.Brief() + "; try again")
	case errors.Is(err, context.DeadlineExceeded):
		return Unavailable("Kubernetes did not answer in time; try again")
	case apierrors.IsTooManyRequests(err), apierrors.IsServerTimeout(err), apierrors.IsServiceUnavailable(err), apierrors.IsTimeout(err):
		return Unavailable("Kubernetes is busy; try again")
	case errors.As(err, &unreachable):
		return Unavailable("Kubernetes cannot be reached; try again")
	case errors.As(err, &notStarted):
		return Unavailable("the facade is starting and does not see the cluster yet; try again")
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
		return Problemf(http.StatusBadRequest, "Kubernetes refused it: %v", err)
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err):
		return Problemf(http.StatusConflict, "it was changed by others at the same time; try again")
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		return forbidden(err)
	case apierrors.IsNotFound(err):
		return Problemf(http.StatusInternalServerError, "the namespace that the facade serves (--namespace) or the kinds of taskexec.dev are missing: %v", err)
	default:
		return Problemf(http.StatusInternalServerError, "something went wrong in the facade; its log has the details under the request id")
	}
}

func Unavailable(detail string) *Problem {
	return &Problem{Status: http.StatusServiceUnavailable, Detail: detail, RetryAfter: UnavailableRetry}
}

// paramsProblem points each error into the body, where the params stand under "params".
func paramsProblem(fields params.FieldErrors) *Problem {
	p := Problemf(http.StatusBadRequest, "the params are not what the task takes: %v", fields)
	for _, f := range fields {
		p.Errors = append(p.Errors, FieldError{Pointer: "/params" + f.Pointer, Detail: f.Message})
	}
	return p
}

// Write sends a problem.
func (p *Problem) Write(w http.ResponseWriter, requestID string) {
	p.Title, p.RequestID = http.StatusText(p.Status), requestID
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	// A client that is gone cannot be told.
	_ = json.NewEncoder(w).Encode(p)
}
