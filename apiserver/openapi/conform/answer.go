// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
	"github.com/pb33f/libopenapi/orderedmap"
)

// unrouted are the statuses of answers that are sent before or without a route.
var unrouted = []int{
	http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusTooManyRequests,
	http.StatusMisdirectedRequest,
	http.StatusInternalServerError, http.StatusServiceUnavailable,
}

// checkNothing checks the answer to a request without a route. It must be a problem.
func (c *Checker) checkNothing(e Exchange) error {
	kind := e.Header.Get("Content-Type")
	switch {
	case !slices.Contains(unrouted, e.Status):
		return fmt.Errorf("%s %s is not described, and its answer is %d", e.Request.Method, e.Request.URL.Path, e.Status)
	case kind != "application/problem+json":
		return fmt.Errorf("%s %s: %d is sent as %q", e.Request.Method, e.Request.URL.Path, e.Status, kind)
	case e.Request.Method == http.MethodHead:
		return nil
	}
	return c.schemas.validate(problemSchema, e.Body)
}

func (c *Checker) checkAnswer(e Exchange, r *http.Request, item *v3.PathItem, pattern string) error {
	kind, _, _ := strings.Cut(e.Header.Get("Content-Type"), ";")
	described := item.GetOperations().GetOrZero(strings.ToLower(r.Method)).Responses.Codes.GetOrZero(strconv.Itoa(e.Status))
	switch {
	case described == nil:
		return fmt.Errorf("the status %d is not described (%.300s)", e.Status, e.Body)
	case e.Header.Get("X-Request-Id") == "":
		return errors.New("there is no X-Request-Id")
	case orderedmap.Len(described.Content) == 0 && len(e.Body) > 0:
		return fmt.Errorf("%d has a body, and none is described", e.Status)
	case orderedmap.Len(described.Content) == 0:
		return nil
	case described.Content.GetOrZero(kind) == nil:
		return fmt.Errorf("%d is sent as %q, which is not described", e.Status, kind)
	case e.Request.Method == http.MethodHead:
		return nil
	case kind == "text/event-stream":
		return c.checkEvents(e, strings.ToLower(r.Method), pattern)
	case !strings.HasSuffix(kind, "json") || e.Partial:
		return nil // any text
	}
	answer := &http.Response{StatusCode: e.Status, Header: e.Header, Body: io.NopCloser(bytes.NewReader(e.Body)), Request: r}
	if valid, found := c.validator.GetResponseBodyValidator().ValidateResponseBodyWithPathItem(r, answer, item, pattern); !valid {
		return fmt.Errorf("%d is not as described: %s: %.2000s", e.Status, sentences(found), e.Body)
	}
	return nil
}

// checkEvents checks the data of each event of a stream (WHATWG HTML 9.2). It skips an event that was cut off.
func (c *Checker) checkEvents(e Exchange, method, pattern string) error {
	events := strings.Split(string(e.Body), "\n\n")
	if e.Partial && len(events) > 0 {
		events = events[:len(events)-1]
	}
	for _, event := range events {
		name, data := "message", ""
		for line := range strings.SplitSeq(event, "\n") {
			field, value, _ := strings.Cut(line, ":")
			value = strings.TrimPrefix(value, " ")
			switch field {
			case "event":
				name = value
			case "data":
				data += value
			}
		}
		if data == "" {
			continue
		}
		if err := c.schemas.validate(eventSchema(method, pattern, name), []byte(data)); err != nil {
			return fmt.Errorf("the event %q: %w", name, err)
		}
	}
	return nil
}
