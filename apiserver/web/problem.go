// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/params"
	"github.com/taskexec/taskexec/controllers/phrases"
)

// Problem is an error as RFC 9457 defines it. Its type is about:blank, so that title is the name of the HTTP status.
type Problem struct {
	// Title is the name of the HTTP status.
	Title string `json:"title"`
	// Status is the HTTP status.
	Status int `json:"status"`
	// Detail says what is wrong and what to do.
	Detail string `json:"detail,omitempty"`
	// Errors are the problems of single fields.
	Errors []FieldError `json:"errors,omitempty"`
	// Cancelled are the executions that a partly failed bulk cancel did cancel.
	Cancelled []string `json:"cancelled,omitempty"`
	// Failed are the executions that a bulk cancel could not cancel.
	Failed []string `json:"failed,omitempty"`
	// RequestID is the id of the request in the facade's log.
	RequestID string `json:"requestId,omitempty"`

	// RetryAfter is the header Retry-After in seconds, 0 for none.
	RetryAfter int `json:"-"`
	// Text is the detail in all languages. If it says nothing, the detail is in English only.
	Text phrases.Text `json:"-"`
}

// FieldError is a problem of one field.
type FieldError struct {
	// Pointer is a JSON Pointer (RFC 6901) to the field in the request's body.
	Pointer string `json:"pointer"`
	// Detail says what is wrong with the field.
	Detail string `json:"detail"`
	// Of is the problem of a param that the detail is about, nil for other fields.
	Of *params.FieldError `json:"-"`
}

// Error makes a problem an error, so that handlers can return it.
func (p *Problem) Error() string { return fmt.Sprintf("%d: %s", p.Status, p.Detail) }

// Problemf returns a problem with a status and a formatted detail.
func Problemf(status int, format string, args ...any) *Problem {
	return &Problem{Status: status, Detail: fmt.Sprintf(format, args...)}
}

// ProblemOfText returns a problem with a status and a detail in all languages.
func ProblemOfText(status int, detail phrases.Text) *Problem {
	return &Problem{Status: status, Detail: detail.In(phrases.English), Text: detail}
}

// hasWords reports whether the problem differs between languages.
func (p *Problem) hasWords() bool {
	return !p.Text.IsZero() || slices.ContainsFunc(p.Errors, func(e FieldError) bool { return e.Of != nil })
}

// In returns the problem with its words in a language, as far as they are in it. It does not change the problem.
func (p *Problem) In(l phrases.Language) *Problem {
	said := *p
	if !p.Text.IsZero() {
		said.Detail = p.Text.In(l)
	}
	said.Errors = slices.Clone(p.Errors)
	for i := range said.Errors {
		if of := said.Errors[i].Of; of != nil {
			said.Errors[i].Detail = of.In(l)
		}
	}
	return &said
}

// UnavailableRetry is the Retry-After in seconds when the API server is busy or cannot be reached.
const UnavailableRetry = 2

// ProblemOf returns the answer to an error. Only this function maps errors to statuses. Handlers answer for missing
// objects themselves; if Kubernetes answers a write with 404, the namespace is missing.
func ProblemOf(err error) *Problem {
	var known *Problem
	var tooLarge *http.MaxBytesError
	var fields params.FieldErrors
	var unreachable *url.Error
	var archived *bucket.Error
	var notStarted *cache.ErrCacheNotStarted
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &tooLarge):
		return Problemf(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", tooLarge.Limit)
	case errors.As(err, &fields):
		return paramsProblem(fields)
	case errors.As(err, &archived) && archived.Gone():
		return Problemf(http.StatusGone, "this part of the log was only in the archive, and %s; the newest part is in the field logs of the run", archived.Brief())
	case errors.As(err, &archived):
		return Unavailable("the archive of logs cannot be read: " + archived.Brief() + "; try again")
	case errors.Is(err, context.DeadlineExceeded):
		return Unavailable("Kubernetes did not answer in time; try again")
	case apierrors.IsTooManyRequests(err), apierrors.IsServerTimeout(err), apierrors.IsServiceUnavailable(err), apierrors.IsTimeout(err):
		return Unavailable("Kubernetes is busy; try again")
	case errors.As(err, &unreachable):
		return Unavailable("Kubernetes cannot be reached; try again")
	case errors.As(err, &notStarted):
		return Unavailable("the facade is starting and its cache is not ready; try again")
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
		return Problemf(http.StatusBadRequest, "Kubernetes rejected the request: %v", err)
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err):
		return Problemf(http.StatusConflict, "somebody changed it at the same time; try again")
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		return forbidden(err)
	case apierrors.IsNotFound(err):
		return Problemf(http.StatusInternalServerError, "the namespace (--namespace) or the custom resources of taskexec.dev do not exist: %v", err)
	default:
		return Problemf(http.StatusInternalServerError, "the facade failed; its log has the details under the request id")
	}
}

// Unavailable returns a problem with the status 503, which asks the client to try again soon.
func Unavailable(detail string) *Problem {
	return &Problem{Status: http.StatusServiceUnavailable, Detail: detail, RetryAfter: UnavailableRetry}
}

// paramsProblem returns a problem whose pointers are relative to the body, where the params are under "params".
func paramsProblem(fields params.FieldErrors) *Problem {
	p := ProblemOfText(http.StatusBadRequest, sayParams.With(fields.Text()))
	for i, f := range fields {
		p.Errors = append(p.Errors, FieldError{Pointer: "/params" + f.Pointer, Detail: f.Message, Of: &fields[i]})
	}
	return p
}

// Write sends the problem. It does not change it: one problem can answer several requests at once.
func (p *Problem) Write(w http.ResponseWriter, requestID string) {
	answer := *p
	answer.Title, answer.RequestID = http.StatusText(p.Status), requestID
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	// The client may be gone: the error does not matter.
	_ = json.NewEncoder(w).Encode(answer)
}
