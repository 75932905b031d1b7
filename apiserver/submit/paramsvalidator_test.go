// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/taskexec/taskexec/apiserver/web"
)

// However many checks a hostile namespace requests, another namespace waits for at most one of them.
func TestCase52JudgingTakesTurns(t *testing.T) { synctest.Test(t, judgingTakesTurns) }

func judgingTakesTurns(t *testing.T) {
	v := NewParamsValidator(2)
	judged := make(chan string, 100)
	release := make(chan struct{})
	ask := func(namespace string) {
		go func() {
			done, err := v.turn(t.Context(), namespace)
			if err != nil {
				t.Error(err)
				return
			}
			judged <- namespace
			<-release
			done()
		}()
		synctest.Wait()
	}
	for range 20 {
		ask("hostile")
	}
	ask("quiet")
	if first := <-judged; first != "hostile" || len(judged) > 0 {
		t.Fatalf("%s is judged, and %d others at the same time", first, len(judged))
	}
	release <- struct{}{}
	synctest.Wait()
	if second := <-judged; second != "quiet" {
		t.Errorf("%s is judged before the quiet namespace", second)
	}
	close(release)
	synctest.Wait()
	if len(judged) != 19 {
		t.Errorf("%d others were judged, want 19", len(judged))
	}
}

// A request that waits too long gets an error, whether it waits for its namespace's turn or for a CPU. A request whose
// client left gets none.
func TestCase52JudgingIsNotWaitedForWithoutEnd(t *testing.T) {
	for _, namespace := range []string{"same", "other"} {
		t.Run(namespace, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { judgingIsNotWaitedFor(t, namespace) }) })
	}
}

func judgingIsNotWaitedFor(t *testing.T, namespace string) {
	v := NewParamsValidator(1)
	if _, err := v.turn(t.Context(), "same"); err != nil {
		t.Fatal(err)
	}
	_, err := v.turn(t.Context(), namespace)
	var answer *web.Problem
	if !errors.As(err, &answer) || answer.Status != http.StatusTooManyRequests || answer.RetryAfter == 0 {
		t.Errorf("the answer is %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.turn(gone, namespace); !errors.Is(err, context.Canceled) {
		t.Errorf("after the client left: %v", err)
	}
}
