package apiserver

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

// problem is an error as it is sent: RFC 9457, type about:blank, so that title is the status in words.
type problem struct {
	// Title is the status in words.
	Title string `json:"title"`
	// Status of the answer.
	Status int `json:"status"`
	// Detail says what is wrong, on what, and what to do.
	Detail string `json:"detail,omitempty"`
	// Errors say what is wrong with each field.
	Errors []fieldError `json:"errors,omitempty"`
	// Cancelled are the executions of a bulk cancel that failed in part, and were cancelled all the same.
	Cancelled []string `json:"cancelled,omitempty"`
	// Failed are those that could not be cancelled.
	Failed []string `json:"failed,omitempty"`
	// RequestID finds the request in the facade's log.
	RequestID string `json:"requestId,omitempty"`

	// retryAfter in seconds, zero for none.
	retryAfter int
}

// fieldError says what is wrong with one field.
type fieldError struct {
	// Pointer to the field in the request's body (RFC 6901).
	Pointer string `json:"pointer"`
	// Detail says what is wrong with it.
	Detail string `json:"detail"`
}

// Error makes a problem an error: handlers return it.
func (p *problem) Error() string { return fmt.Sprintf("%d: %s", p.Status, p.Detail) }

func problemf(status int, format string, args ...any) *problem {
	return &problem{Status: status, Detail: fmt.Sprintf(format, args...)}
}

// unavailableRetry in seconds, when the API server is busy or away.
const unavailableRetry = 2

// problemOf gives the answer to an error. It is the only place that knows which error means which status. What
// is not there is answered by the handlers; where Kubernetes says so of a write, the namespace is missing.
func problemOf(err error) *problem {
	var known *problem
	var tooLarge *http.MaxBytesError
	var fields params.FieldErrors
	var unreachable *url.Error
	var archived *archive.Error
	var notStarted *cache.ErrCacheNotStarted
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &tooLarge):
		return problemf(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", tooLarge.Limit)
	case errors.As(err, &fields):
		return paramsProblem(fields)
	case errors.As(err, &archived) && archived.Gone():
		return problemf(http.StatusGone, "what is asked for was in the archive alone, and %s; the part that is kept on the run is in the run's logs", archived.Brief())
	case errors.As(err, &archived):
		return unavailable("the archive of logs cannot be read: " + archived.Brief() + "; try again")
	case errors.Is(err, context.DeadlineExceeded):
		return unavailable("Kubernetes did not answer in time; try again")
	case apierrors.IsTooManyRequests(err), apierrors.IsServerTimeout(err), apierrors.IsServiceUnavailable(err), apierrors.IsTimeout(err):
		return unavailable("Kubernetes is busy; try again")
	case errors.As(err, &unreachable):
		return unavailable("Kubernetes cannot be reached; try again")
	case errors.As(err, &notStarted):
		return unavailable("the facade is starting and does not see the cluster yet; try again")
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
		return problemf(http.StatusBadRequest, "Kubernetes refused it: %v", err)
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err):
		return problemf(http.StatusConflict, "it was changed by others at the same time; try again")
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		return forbidden(err)
	case apierrors.IsNotFound(err):
		return problemf(http.StatusInternalServerError, "the namespace that the facade serves (--namespace) or the kinds of taskexec.dev are missing: %v", err)
	default:
		return problemf(http.StatusInternalServerError, "something went wrong in the facade; its log has the details under the request id")
	}
}

func unavailable(detail string) *problem {
	return &problem{Status: http.StatusServiceUnavailable, Detail: detail, retryAfter: unavailableRetry}
}

// paramsProblem points each error into the body, where the params stand under "params".
func paramsProblem(fields params.FieldErrors) *problem {
	p := problemf(http.StatusBadRequest, "the params are not what the task takes: %v", fields)
	for _, f := range fields {
		p.Errors = append(p.Errors, fieldError{Pointer: "/params" + f.Pointer, Detail: f.Message})
	}
	return p
}

// write sends a problem.
func (p *problem) write(w http.ResponseWriter, requestID string) {
	p.Title, p.RequestID = http.StatusText(p.Status), requestID
	if p.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	// A client that is gone cannot be told.
	_ = json.NewEncoder(w).Encode(p)
}
