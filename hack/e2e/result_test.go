// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"encoding/json"
	"strings"
	"testing"
)

// resultOf runs a script to its end and returns its result from the facade.
func resultOf(t *testing.T, script string) (result json.RawMessage, truncated bool, message string) {
	t.Helper()
	id := execute(t, given(t, taskOf(script)), nil)
	polled(t, id)
	var e struct {
		Result          json.RawMessage `json:"result"`
		ResultTruncated bool            `json:"resultTruncated"`
		Message         string          `json:"message"`
	}
	if err := json.Unmarshal(call(t, "GET", "/tasks/running/execution/"+id, nil).body, &e); err != nil {
		t.Fatal(err)
	}
	return e.Result, e.ResultTruncated, e.Message
}

func TestResults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ script, want string }{
		"JSON":              {`echo '{"rows": 42}' > /dev/termination-log`, `{"rows":42}`},
		"text":              {`printf 'forty\ntwo' > /dev/termination-log`, `"forty\ntwo"`},
		"of a failed run":   {`echo '{"error":"full"}' > /dev/termination-log; exit 3`, `{"error":"full"}`},
		"nothing was given": {`echo 'this is the log'`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			if got, truncated, _ := resultOf(t, c.script); string(got) != c.want || truncated {
				t.Errorf("got %s, truncated %t, want %s", got, truncated, c.want)
			}
		})
	}
}

// The kubelet passes on the last 4096 bytes that a container wrote.
func TestResultTooLarge(t *testing.T) {
	t.Parallel()
	got, truncated, message := resultOf(t, `head -c 5000 /dev/zero | tr '\0' x > /dev/termination-log`)
	if len(got) != 4096+2 || !truncated || !strings.Contains(message, "4096 bytes") {
		t.Errorf("%d bytes, truncated %t, %q", len(got), truncated, message)
	}
}
