// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"fmt"
	neturl "net/url"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// pages reads a log page by page, from a cursor to the end.
func pages(t *testing.T, id, cursor string, limit int) (entries []pageEntry) {
	t.Helper()
	for {
		query := fmt.Sprintf("limit=%d", limit)
		if cursor != "" {
			query += "&cursor=" + neturl.QueryEscape(cursor)
		}
		p := page(t, id, query)
		entries = append(entries, p.Entries...)
		switch {
		case len(p.Entries) > limit:
			t.Fatalf("a page of %d entries, the limit was %d", len(p.Entries), limit)
		case p.End:
			return entries
		case p.NextCursor == "" || p.NextCursor == cursor:
			t.Fatalf("after %d entries there is no end and no way on: cursor %q", len(entries), p.NextCursor)
		}
		cursor = p.NextCursor
	}
}

func TestLogPages(t *testing.T) {
	t.Parallel()
	const lines = 5000
	name := given(t, taskOf(burst("0", fmt.Sprint(lines), 80)))
	id := execute(t, name, nil)
	_, complete := wholeOrSaid(t, id, lines)

	var paged strings.Builder
	for i, entry := range pages(t, id, "", 1000) {
		paged.WriteString(entry.Message + "\n")
		if entry.Attempt != 1 || entry.Level != "info" || entry.Timestamp.IsZero() {
			t.Fatalf("entry %d is %s", i, text(entry))
		}
	}
	if whole := string(wholeLog(t, id, "")); paged.String() != whole {
		t.Errorf("the pages have %d bytes and differ from the whole log's %d", paged.Len(), len(whole))
	}
	tail := page(t, id, "tail=10").Entries
	if complete && (len(tail) != 10 || !strings.HasPrefix(tail[0].Message, "0004990 ") || !strings.HasPrefix(tail[9].Message, "0004999 ")) {
		t.Errorf("the last 10 entries are %s", text(tail))
	}
	if none := page(t, id, "level=error"); len(none.Entries) != 0 {
		t.Errorf("entries at level error: %s", text(none.Entries))
	}
	if r := call(t, "GET", logsPath(id, "limit=1001"), nil); r.code != 400 {
		t.Errorf("a limit over 1000 answers %s", r.text())
	}
	if r := call(t, "GET", logsPath("no-such-id", ""), nil); r.code != 404 {
		t.Errorf("the log of an unknown execution answers %s", r.text())
	}
}

// A cursor from the log of a pod still works when the pod is gone and the log comes from the archive.
func TestLogPagesOutliveThePod(t *testing.T) {
	t.Parallel()
	const lines, limit = 400, 100
	name := given(t, taskOf(steadily(lines, 10*time.Second, 80)))
	id := execute(t, name, nil)
	printing(t, id, 2*limit)
	early := page(t, id, fmt.Sprintf("limit=%d", limit))
	if len(early.Entries) != limit || early.End {
		t.Fatalf("while it runs, a page of %d has %d entries, end: %v", limit, len(early.Entries), early.End)
	}
	wholeOrSaid(t, id, lines)
	withPod := pages(t, id, "", limit)

	uid := string(resource(t, id).UID)
	if err := kube.DeleteAllOf(t.Context(), &corev1.Pod{}, client.InNamespace(namespace), client.MatchingLabels{v1alpha1.LabelExecutionUID: uid}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the pod is gone", func() (bool, string) { pods := podsOf(t, uid); return len(pods) == 0, text(pods) })
	if without := pages(t, id, "", limit); text(without) != text(withPod) {
		t.Errorf("without the pod, the pages have %d entries and differ from the %d of before", len(without), len(withPod))
	}
	resumed := slices.Concat(early.Entries, pages(t, id, early.NextCursor, limit))
	if text(resumed) != text(withPod) {
		t.Errorf("the cursor of the first page gives %d entries that do not continue it", len(resumed)-limit)
	}
}
