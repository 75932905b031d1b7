// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/replay"
)

// A tail is read in pages of any size, from either end, and no entry is in two of them. Several entries may have one time.
func TestTailInPages(t *testing.T) {
	execution, begun := &v1alpha1.TaskExecution{}, time.Date(2025, 11, 25, 11, 0, 0, 0, time.UTC)
	for i, second := range []int{0, 1, 1, 1, 2, 2, 5} {
		execution.Status.Logs = append(execution.Status.Logs, v1alpha1.LogEntry{Timestamp: metav1.NewMicroTime(begun.Add(time.Duration(second) * time.Second)), Level: v1alpha1.LogInfo, Message: strconv.Itoa(i)})
	}
	for _, backwards := range []bool{false, true} {
		for limit := 1; limit <= 8; limit++ {
			var read []string
			from := replay.Position{}
			for pages := 0; ; pages++ {
				l := &servedLog{execution: execution, final: true, query: logQuery{from: from, backwards: backwards, limit: limit}}
				page := l.tailPage()
				if len(page.Entries) > limit || pages > len(execution.Status.Logs) {
					t.Fatalf("page %d of %d has %d entries", pages, limit, len(page.Entries))
				}
				var messages []string
				for _, e := range page.Entries {
					messages = append(messages, e.Message)
				}
				next := page.NextCursor
				if backwards {
					read, next = append(messages, read...), page.PreviousCursor
				} else if read = append(read, messages...); page.End {
					next = ""
				}
				if next == "" {
					break
				}
				var err error
				if from, err = replay.ParsePosition(next); err != nil {
					t.Fatal(err)
				}
			}
			if want := strings.Split("0123456", ""); !slices.Equal(read, want) {
				t.Errorf("in pages of %d, backwards %t: %v", limit, backwards, read)
			}
		}
	}
}
