// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// attack is what a hostile tenant does. The tenant has the same rights as every other tenant.
type attack struct {
	name string
	// lasts is the duration of the attack.
	lasts time.Duration
	// prepare creates what the attack needs and returns one step of it. Many goroutines repeat the step.
	prepare func(t *testing.T) (step func(ctx context.Context))
	// at is the number of goroutines that repeat the step.
	at int
}

// attacks lists the attacks in the order of the test. They run one after the other, while a quiet tenant polls.
var attacks = []attack{
	{"a schema times a value", 15 * time.Second, schemaTimesValue, 8},
	{"waiting runs with large params", 20 * time.Second, waitingRuns, 8},
	{"bodies that are sent slowly", 12 * time.Second, slowBodies, 200},
	{"requests that wait and follow", 12 * time.Second, requestsThatLast, 200},
	{"guessed tokens", 10 * time.Second, guessedTokens, 16},
	{"a flood of runs", 10 * time.Second, floodOfRuns, 8},
	{"a flood of logs", 15 * time.Second, floodOfLogs, 4},
}

// hostileTask creates a Task. When its attack is over, it deletes the Task and its runs, so that they do not disturb
// the next attack.
func hostileTask(t *testing.T, task *v1alpha1.Task) string {
	t.Helper()
	name := given(t, task)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := kube.Delete(ctx, task); err != nil {
			t.Errorf("after the attack: %v", err)
		}
		for _, label := range []string{v1alpha1.LabelTask, attackLabel} {
			if err := removeRuns(ctx, client.MatchingLabels{label: name}); err != nil {
				t.Errorf("after the attack: %v", err)
			}
		}
	})
	return name
}

// removeRuns deletes runs one by one, many at once. The API server would time out if it had to delete a collection of
// large runs.
func removeRuns(ctx context.Context, of client.MatchingLabels) error {
	runs := &metav1.PartialObjectMetadataList{}
	runs.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("TaskExecutionList"))
	if err := kube.List(ctx, runs, client.InNamespace(namespace), of); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(16)
	for i := range runs.Items {
		group.Go(func() error { return client.IgnoreNotFound(kube.Delete(ctx, &runs.Items[i])) })
	}
	return group.Wait()
}

// attackLabel marks runs that were not created over REST.
const attackLabel = "test.taskexec.dev/attack"

// attacker is a client whose answers are not checked. Checking them would take CPU from the programs under test.
var attacker = &http.Client{Timeout: 30 * time.Second}

// shoot sends a request and ignores the answer.
func shoot(ctx context.Context, method, path, bearer, body string) {
	request, err := http.NewRequestWithContext(ctx, method, url+path, strings.NewReader(body))
	if err != nil {
		return
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+bearer)
	answer, err := attacker.Do(request)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	if answer.StatusCode == http.StatusTooManyRequests {
		idle(ctx) // retry soon, as a bad client does
	}
}

// schemaTimesValue validates a large list against many subschemas. It starts no run.
func schemaTimesValue(t *testing.T) func(context.Context) {
	forms := make([]string, 0, 200)
	for i := range 200 {
		forms = append(forms, fmt.Sprintf(`{"const":%d,"title":"form %d"}`, i, i))
	}
	task := taskOf("true")
	task.Spec.Parameters = schema(`{"type":"object","properties":{"a":{"type":"array","maxItems":1000,"items":{"oneOf":[` + strings.Join(forms, ",") + `]}}}}`)
	name := hostileTask(t, task)
	body := `{"params":{"a":[` + strings.TrimSuffix(strings.Repeat("199,", 1000), ",") + `]}}`
	long := `{"params":{"a":[` + strings.TrimSuffix(strings.Repeat("7,", 50_000), ",") + `]}}`
	return func(ctx context.Context) {
		shoot(ctx, "POST", "/tasks/"+name+"/execute/api?dryRun=true", token, body)
		shoot(ctx, "POST", "/tasks/"+name+"/execute/api?dryRun=true", token, long)
	}
}

// waitingMost is the number of 100 kB runs to create. Together they exceed the bytes that may wait in one namespace.
const waitingMost = 400

// waitingRuns creates runs directly in Kubernetes, as kubectl does, so that the facade cannot limit them.
func waitingRuns(t *testing.T) func(context.Context) {
	name := hostileTask(t, limitedTo(taskOf("exec sleep 300"), v1alpha1.ConcurrencyQueue, 1))
	params := &apiextensionsv1.JSON{Raw: []byte(`{"x":"` + strings.Repeat("x", 100_000) + `"}`)}
	var made, failed atomic.Int64
	t.Cleanup(func() { t.Logf("%d runs of 100 kB were made, %d were refused", made.Load(), failed.Load()) })
	return func(ctx context.Context) {
		n := made.Add(1)
		if n > waitingMost {
			made.Add(-1)
			idle(ctx)
			return
		}
		e := &v1alpha1.TaskExecution{ObjectMeta: objectMeta(fmt.Sprintf("%s-%d", name, n))}
		e.Labels[attackLabel] = name
		e.Spec.TaskRef.Name, e.Spec.Params = name, params
		if err := kube.Create(ctx, e); err != nil && ctx.Err() == nil && !apierrors.IsAlreadyExists(err) {
			failed.Add(1)
		}
	}
}

// slowBodies sends requests with a valid token whose bodies arrive one byte at a time.
func slowBodies(t *testing.T) func(context.Context) {
	name := hostileTask(t, taskOf("true"))
	head := "POST /tasks/" + name + "/execute/api HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token +
		"\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{"
	return func(ctx context.Context) {
		conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			idle(ctx)
			return
		}
		defer conn.Close()
		defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
		text := head
		for {
			if _, err := io.WriteString(conn, text); err != nil {
				return
			}
			text = " "
			if idle(ctx); ctx.Err() != nil {
				return
			}
		}
	}
}

// requestsThatLast sends long polls for a run, watches of all runs, and requests that follow a log.
func requestsThatLast(t *testing.T) func(context.Context) {
	name := hostileTask(t, taskOf("echo begun; exec sleep 300"))
	id := execute(t, name, nil)
	printed(t, id, "begun")
	var turn atomic.Int64
	paths := []string{"/tasks/running/execution/" + id + "?wait=30s", "/tasks/watch", "/tasks/executions/" + id + "/logs?follow=true"}
	return func(ctx context.Context) {
		request, err := http.NewRequestWithContext(ctx, "GET", url+paths[turn.Add(1)%int64(len(paths))], nil)
		if err != nil {
			return
		}
		request.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			return
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			idle(ctx) // retry soon after a refusal, as a bad client does
			return
		}
		_, _ = io.Copy(io.Discard, answer.Body)
	}
}

// guessedTokens sends wrong tokens from the address that all other clients have, too.
func guessedTokens(*testing.T) func(context.Context) {
	var n atomic.Int64
	return func(ctx context.Context) {
		shoot(ctx, "GET", "/tasks", fmt.Sprint("guess-", n.Add(1)), "")
	}
}

// floodOfRuns creates runs as fast as the facade accepts them. Few become pods, because most wait in the queue.
func floodOfRuns(t *testing.T) func(context.Context) {
	name := hostileTask(t, limitedTo(taskOf("true"), v1alpha1.ConcurrencyQueue, 1))
	return func(ctx context.Context) { shoot(ctx, "POST", "/tasks/"+name+"/execute/api", token, "") }
}

// floodOfLogs runs programs that print as fast as they can.
func floodOfLogs(t *testing.T) func(context.Context) {
	name := hostileTask(t, limitedTo(taskOf(`while :; do echo '{"level":"info","msg":"`+strings.Repeat("x", 900)+`"}'; done`), v1alpha1.ConcurrencyQueue, 2))
	var made atomic.Int64
	return func(ctx context.Context) {
		if made.Add(1) <= 2 {
			shoot(ctx, "POST", "/tasks/"+name+"/execute/api", token, "")
		}
		idle(ctx)
	}
}

// idle waits for a moment, or until the attack is over.
func idle(ctx context.Context) {
	select {
	case <-time.After(200 * time.Millisecond):
	case <-ctx.Done():
	}
}

// goesOn keeps the attack going until stop is called.
func (a attack) goesOn(t *testing.T) (stop func()) {
	t.Helper()
	step := a.prepare(t)
	ctx, cancel := context.WithCancel(t.Context())
	var steps sync.WaitGroup
	for range a.at {
		steps.Go(func() {
			for ctx.Err() == nil {
				step(ctx)
			}
		})
	}
	return func() { cancel(); steps.Wait() }
}
