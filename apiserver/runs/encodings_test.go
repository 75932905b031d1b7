// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// A cached encoding equals a new one, and the duration of a running execution still grows.
func TestEncodings(t *testing.T) {
	var kept encodings
	begun := metav1.NewTime(time.Date(2025, 11, 25, 11, 5, 1, 0, time.UTC))
	running := fixture.Execution("a", "sync", v1alpha1.PhaseRunning)
	running.UID, running.ResourceVersion, running.Status.StartTime = "u", "7", &begun
	running.Spec.Params = fixture.JSON(`{"a":{"duration":5}}`)
	ended := fixture.Took("b", "sync", v1alpha1.PhaseCompleted, 1500)
	ended.UID, ended.ResourceVersion = "v", "8"
	noVersion := fixture.Execution("c", "sync", "")
	for _, e := range []*v1alpha1.TaskExecution{running, ended, noVersion} {
		for i := range 3 {
			now := begun.Add(time.Duration(i) * time.Second)
			for name, encode := range map[string]func(*listed, time.Time) ([]byte, error){"execution": kept.execution, "record": kept.record} {
				raw, err := encode(&listed{TaskExecution: e}, now)
				if err != nil {
					t.Fatal(err)
				}
				var got, want any
				anew, _ := json.Marshal(wire.ExecutionOf(e, now))
				if name == "record" {
					anew, _ = json.Marshal(recordOf(e, now, true))
				}
				if json.Unmarshal(raw, &got) != nil || json.Unmarshal(anew, &want) != nil || fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s of %s: %s, want %s", name, e.Name, raw, anew)
				}
			}
		}
	}
	if n := kept.kept.Len(); n != 4 {
		t.Errorf("%d are kept, want 4", n)
	}
}

func TestEncodingsAreBounded(t *testing.T) {
	var kept encodings
	e := fixture.Execution("a", "sync", v1alpha1.PhaseCompleted)
	e.Status.Logs = []v1alpha1.LogEntry{{Message: strings.Repeat("x", 200<<10)}}
	for i := range 300 {
		e.ResourceVersion = fmt.Sprint(i)
		if _, err := kept.execution(&listed{TaskExecution: e}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if kept.bytes > maxEncodedBytes || kept.bytes < maxEncodedBytes-(256<<10) {
		t.Errorf("%d bytes are kept", kept.bytes)
	}
	e.Status.Logs[0].Message, e.ResourceVersion = strings.Repeat("x", maxEncodedOne), "large"
	before := kept.kept.Len()
	if _, err := kept.execution(&listed{TaskExecution: e}, time.Now()); err != nil || kept.kept.Len() != before {
		t.Errorf("one that is too large is kept: %v", err)
	}
}
