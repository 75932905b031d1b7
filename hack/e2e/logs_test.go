// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// logPage is an answer of GET /tasks/executions/{id}/logs.
type logPage struct {
	ExecutionID string      `json:"executionId"`
	Entries     []pageEntry `json:"entries"`
	NextCursor  string      `json:"nextCursor"`
	End         bool        `json:"end"`
	// Complete is nil as long as the answer is not known.
	Complete *bool  `json:"complete"`
	Reason   string `json:"reason"`
}

type pageEntry struct {
	logEntry
	Container string `json:"container"`
	Attempt   int    `json:"attempt"`
}

func logsPath(id, query string) string { return "/tasks/executions/" + id + "/logs?" + query }

// page reads a page of a log.
func page(t *testing.T, id, query string) logPage {
	t.Helper()
	return ask[logPage](t, "GET", logsPath(id, query), nil)
}

// patientClient has a longer timeout, for complete logs.
var patientClient = &http.Client{Timeout: 5 * time.Minute, Transport: traffic}

// openLog requests a log as text or as a stream. The caller closes it.
func openLog(t *testing.T, id, query string, header map[string]string) io.ReadCloser {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "GET", url+logsPath(id, query), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	for key, value := range header {
		request.Header.Set(key, value)
	}
	answer, err := patientClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		t.Fatalf("GET %s as %v: %d %s", logsPath(id, query), header, answer.StatusCode, body)
	}
	return answer.Body
}

// wholeLog reads a log as the containers printed it.
func wholeLog(t *testing.T, id, query string) []byte {
	t.Helper()
	body := openLog(t, id, query, map[string]string{"Accept": "text/plain"})
	defer body.Close()
	log, err := io.ReadAll(body)
	if err != nil {
		t.Fatalf("after %d bytes of the log of %s: %v", len(log), id, err)
	}
	return log
}

// printing waits until the tail of a run's log has the line of this number, or a later one.
func printing(t *testing.T, id string, number int) {
	t.Helper()
	eventually(t, "execution "+id+" prints", func() (bool, string) {
		e := status(t, id)
		for _, l := range e.Logs {
			if n, ok := numberOf(l.Message); ok && n >= number {
				return true, ""
			}
		}
		return false, text(e)
	})
}

// captured waits until a run has ended and its log is known to be complete or incomplete. It tolerates an API server
// that is unavailable for a while.
func captured(t *testing.T, id string) *v1alpha1.TaskExecution {
	t.Helper()
	e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: id}}
	eventually(t, "it is known whether the log of "+id+" is whole", func() (bool, string) {
		if err := kube.Get(t.Context(), client.ObjectKeyFromObject(e), e); err != nil {
			return false, err.Error()
		}
		return logDecided(e), text(e.Status.Conditions) + text(e.Status.LogSummary)
	})
	return e
}

func logDecided(e *v1alpha1.TaskExecution) bool {
	c := apimeta.FindStatusCondition(e.Status.Conditions, v1alpha1.ConditionLogsCaptured)
	return e.Status.Phase.IsTerminal() && c != nil && c.Status != metav1.ConditionUnknown
}

// verdictOf reports whether a captured log is complete. It requires that all places that say so agree, and that an
// incomplete log has a reason.
func verdictOf(t *testing.T, e *v1alpha1.TaskExecution) (complete bool) {
	t.Helper()
	summary := e.Status.LogSummary
	if summary == nil {
		t.Fatalf("execution %s ended without a logSummary", e.Name)
	}
	c := apimeta.FindStatusCondition(e.Status.Conditions, v1alpha1.ConditionLogsCaptured)
	if (c.Status == metav1.ConditionTrue) != summary.Complete {
		t.Errorf("the condition and the logSummary of %s disagree: %s %s", e.Name, text(c), text(summary))
	}
	if !summary.Complete && summary.Reason == "" {
		t.Errorf("the log of %s is not whole, without a reason: %s", e.Name, text(summary))
	}
	eventually(t, "the facade says the same of the log of "+e.Name, func() (bool, string) {
		r := call(t, "GET", logsPath(e.Name, "limit=1"), nil)
		var p logPage
		if err := json.Unmarshal(r.body, &p); err != nil {
			return false, err.Error()
		}
		return r.code == http.StatusOK && p.Complete != nil && *p.Complete == summary.Complete, r.text()
	})
	return summary.Complete
}

// untilKilled stands for an unknown number of lines: the run prints until it is stopped.
const untilKilled = -1

// wholeOrSaid checks the rule for every log: it has each numbered line once and in order, or the execution says that
// the log is incomplete, and why. It returns a tally of the lines.
func wholeOrSaid(t *testing.T, id string, lines int) (got tally, complete bool) {
	t.Helper()
	e := captured(t, id)
	complete = verdictOf(t, e)
	got = tallyOf(wholeLog(t, id, ""))
	if wrong := got.disorder(); wrong != "" {
		t.Errorf("the log of %s, complete: %v: %s", id, complete, wrong)
	}
	if lines == untilKilled {
		lines = 0
		if n := len(got.numbers); n > 0 {
			lines = got.numbers[n-1] + 1
		}
	}
	missing := got.missing(lines)
	switch {
	case complete && missing != "":
		t.Errorf("the log of %s is said to be whole and lacks %s", id, missing)
	case !complete:
		t.Logf("the log of %s is not whole, and says so (%s): it lacks %s", id, e.Status.LogSummary.Reason, missing)
	}
	if printed := int64(len(got.numbers) + len(got.others)); complete && e.Status.LogSummary.Entries != printed {
		t.Errorf("logSummary counts %d lines, the archive has %d", e.Status.LogSummary.Entries, printed)
	}
	return got, complete
}

// nothingMadeUp checks that the log has no lines except those that were printed. If the log is incomplete, a rotated
// file may begin in the middle of a line, and the rest of this line is a line of its own.
func nothingMadeUp(t *testing.T, got tally, complete bool) {
	t.Helper()
	for _, line := range got.others {
		if complete || strings.Trim(line, "0123456789 x") != "" {
			t.Errorf("%d lines that nobody printed, with the log complete: %v; one of them is %.200q", len(got.others), complete, line)
			return
		}
	}
}
