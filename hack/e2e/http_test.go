// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// execution is an execution in the REST API.
type execution struct {
	ExecutionID string          `json:"executionId"`
	TaskName    string          `json:"taskName"`
	Status      string          `json:"status"`
	StartedAt   time.Time       `json:"startedAt"`
	Logs        []logEntry      `json:"logs"`
	Phase       string          `json:"phase"`
	Reason      string          `json:"reason"`
	Message     string          `json:"message"`
	ExitCode    *int32          `json:"exitCode"`
	Attempts    int32           `json:"attempts"`
	Params      json.RawMessage `json:"params"`
	LogSummary  *struct {
		Entries  int64  `json:"entries"`
		Complete bool   `json:"complete"`
		Reason   string `json:"reason"`
	} `json:"logSummary"`
	Cancellation *struct {
		RequestedBy    string     `json:"requestedBy"`
		Reason         string     `json:"reason"`
		AcknowledgedAt *time.Time `json:"acknowledgedAt"`
		EndedAt        *time.Time `json:"endedAt"`
		Outcome        string     `json:"outcome"`
	} `json:"cancellation"`
}

type logEntry struct {
	Timestamp time.Time      `json:"timestamp"`
	Level     string         `json:"level"`
	Message   string         `json:"message"`
	Data      map[string]any `json:"data"`
}

type response struct {
	code   int
	header http.Header
	body   []byte
}

func (r response) text() string { return http.StatusText(r.code) + ": " + string(r.body) }

var httpClient = &http.Client{Timeout: 30 * time.Second, Transport: traffic}

// call sends a request to the facade. It encodes the body as JSON, except for []byte. Headers are pairs of name and
// value. An empty value removes a default header, such as Authorization.
func call(t *testing.T, method, path string, body any, headers ...string) response {
	t.Helper()
	r, err := send(t.Context(), method, path, body, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// send is like call, for goroutines other than the test's own.
func send(ctx context.Context, method, path string, body any, headers ...string) (response, error) {
	var reader io.Reader
	if raw, ok := body.([]byte); ok {
		reader = bytes.NewReader(raw)
	} else if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return response{}, err
		}
		reader = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(ctx, method, url+path, reader)
	if err != nil {
		return response{}, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
		if headers[i+1] == "" {
			request.Header.Del(headers[i])
		}
	}
	answer, err := httpClient.Do(request)
	if err != nil {
		return response{}, err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	return response{answer.StatusCode, answer.Header, raw}, err
}

// ask calls the facade, requires status 200 and decodes the answer.
func ask[T any](t *testing.T, method, path string, body any) (answer T) {
	t.Helper()
	r := call(t, method, path, body)
	if r.code != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, path, r.code, r.body)
	}
	if err := json.Unmarshal(r.body, &answer); err != nil {
		t.Fatalf("%s %s: %v in %s", method, path, err, r.body)
	}
	return answer
}

type params = map[string]any

// execute runs a task and returns the id of the execution.
func execute(t *testing.T, task string, p params) string {
	t.Helper()
	return ask[execution](t, "POST", "/tasks/"+task+"/execute/manual", map[string]any{"params": p}).ExecutionID
}

func status(t *testing.T, id string) execution {
	t.Helper()
	return ask[execution](t, "GET", "/tasks/running/execution/"+id, nil)
}

// polled polls a run, as in scenario 1 of the quick reference, until it has ended and logDecided is true. The run may
// end first, because it waits for its log for two seconds at most.
func polled(t *testing.T, id string) (e execution) {
	t.Helper()
	eventually(t, "execution "+id+" is no longer running, and its log is decided on", func() (bool, string) {
		e = status(t, id)
		return e.Status != "running" && e.logDecided(), text(e)
	})
	return e
}

// logDecided reports whether the execution says that its log is complete, or why not.
func (e execution) logDecided() bool {
	s := e.LogSummary
	return s != nil && (s.Complete || !slices.Contains([]string{"", v1alpha1.ReasonLogsCapturing, v1alpha1.ReasonLogsArchiving}, s.Reason))
}

// printed waits until the tail of a run's log has a message.
func printed(t *testing.T, id, message string) {
	t.Helper()
	eventually(t, "execution "+id+" printed "+message, func() (bool, string) {
		e := status(t, id)
		for _, l := range e.Logs {
			if l.Message == message {
				return true, ""
			}
		}
		return false, text(e)
	})
}

func text(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

func jobsOf(t *testing.T, uid string) []batchv1.Job {
	t.Helper()
	jobs := &batchv1.JobList{}
	if err := kube.List(t.Context(), jobs, client.InNamespace(namespace),
		client.MatchingLabels{v1alpha1.LabelExecutionUID: uid}); err != nil {
		t.Fatal(err)
	}
	return jobs.Items
}
