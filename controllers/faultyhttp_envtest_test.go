// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// storm is what happens to the requests of the operator. The proxy disturbs the connections.
type storm struct {
	mu     sync.Mutex
	random *rand.Rand
	// answers are errors of the API server. Half of the requests get one of them; none when empty.
	answers []*apierrors.StatusError
	// expired means that no watch can resume.
	expired bool
	given   map[string]int
}

var (
	errBusy     = apierrors.NewTooManyRequests("too many requests", 1)
	errBroken   = apierrors.NewInternalError(fmt.Errorf("etcd has no leader"))
	errAway     = apierrors.NewServiceUnavailable("the server is shutting down")
	errConflict = apierrors.NewConflict(schema.GroupResource{Resource: "anything"}, "it", errors.New("the object has been modified"))
	errExpired  = apierrors.NewResourceExpired("too old resource version: 1 (2)")
)

func (s *storm) set(expired bool, answers ...*apierrors.StatusError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expired, s.answers = expired, answers
}

// allGiven is a condition for eventually: each current answer was given at least once.
func (s *storm) allGiven() (bool, any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	answers := s.answers
	if s.expired {
		answers = append(slices.Clone(answers), errExpired)
	}
	return !slices.ContainsFunc(answers, func(a *apierrors.StatusError) bool { return s.given[string(a.ErrStatus.Reason)] == 0 }), s.given
}

// answer returns the error for a request, or nil to let it pass.
func (s *storm) answer(r *http.Request) *apierrors.StatusError {
	s.mu.Lock()
	defer s.mu.Unlock()
	var answer *apierrors.StatusError
	switch query := r.URL.Query(); {
	case s.expired && query.Get("watch") == "true" && query.Get("resourceVersion") != "":
		answer = errExpired
	case len(s.answers) > 0 && s.random.IntN(2) == 0:
		if answer = s.answers[s.random.IntN(len(s.answers))]; answer == errConflict && r.Method == http.MethodGet {
			return nil // only writes can conflict
		}
	default:
		return nil
	}
	s.given[string(answer.ErrStatus.Reason)]++
	return answer
}

// stormy sometimes answers a request itself instead of passing it to the next transport.
type stormy struct {
	*storm
	next http.RoundTripper
}

func (s stormy) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := s.answer(r)
	if answer == nil {
		return s.next.RoundTrip(r)
	}
	if r.Body != nil {
		_ = r.Body.Close()
	}
	status := answer.Status()
	status.Kind, status.APIVersion = "Status", "v1"
	body, err := json.Marshal(status)
	if err != nil {
		return nil, err
	}
	response := &http.Response{
		StatusCode: int(status.Code), Status: strconv.Itoa(int(status.Code)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)), Request: r,
	}
	if answer == errBusy {
		response.Header.Set("Retry-After", "1")
	}
	return response, nil
}
