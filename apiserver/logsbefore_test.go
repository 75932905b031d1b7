// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/apiserver/logs"
)

// backwards reads a log from its end in pages. The cursors of a page lead to both neighbours.
func backwards(t *testing.T, api http.Handler, limit int, query string) (got string) {
	t.Helper()
	before, first := "end", ""
	for n := 0; ; n++ {
		page := ok[logs.LogPage](t, api, "GET", fmt.Sprintf("%s?limit=%d&before=%s%s", logPath, limit, before, query), "")
		if len(page.Entries) > limit {
			t.Errorf("%d entries in a page of %d", len(page.Entries), limit)
		}
		text := messagesOf(&page)
		if n == 0 {
			first = page.NextCursor
		}
		got = text + got
		if again := ok[logs.LogPage](t, api, "GET", fmt.Sprintf("%s?limit=%d&cursor=%s%s", logPath, max(1, len(page.Entries)), page.PreviousCursor, query), ""); messagesOf(&again) != text && len(page.Entries) > 0 {
			t.Errorf("forwards from the previousCursor: %q, want %q", messagesOf(&again), text)
		}
		if page.PreviousCursor == "" {
			break
		}
		if before = page.PreviousCursor; n > 100 {
			t.Fatal("the pages do not end")
		}
	}
	if after := ok[logs.LogPage](t, api, "GET", logPath+"?cursor="+first+query, ""); len(after.Entries) > 0 {
		t.Errorf("after the newest page come %+v", after.Entries)
	}
	return got
}

func TestLogBackwards(t *testing.T) {
	f, away := inS3(t)
	api := f.handler(DefaultOptions())
	all := f.kubelet.text()
	for _, limit := range []int{1, 7, 40, 1000} {
		if got := backwards(t, api, limit, ""); got != all {
			t.Errorf("archived, in pages of %d:\n%swant\n%s", limit, got, all)
		}
	}
	newest := ok[logs.LogPage](t, api, "GET", logPath+"?before=end&limit=5", "")
	if !newest.End || newest.Complete == nil || !*newest.Complete || newest.Gap || strings.Join(newest.Sources, ",") != "archive" {
		t.Errorf("the newest page says %+v", newest)
	}
	if w := call(t, api, "GET", logPath+"?follow=true&lastEventId="+newest.NextCursor, ""); strings.Contains(w.Body.String(), "event: entry") || !strings.Contains(w.Body.String(), "event: end") {
		t.Errorf("a stream from the newest page: %s", w.Body)
	}
	away.Store(true) // the pod still has the log
	if got := backwards(t, api, 9, ""); got != all {
		t.Errorf("from the pod:\n%swant\n%s", got, all)
	}
	f.podGone() // only the tail in the status is left
	tail := ok[logs.LogPage](t, api, "GET", logPath+"?before=end&limit=5", "")
	if len(tail.Entries) != 2 || tail.PreviousCursor != "" || strings.Join(tail.Sources, ",") != "tail" || tail.Complete == nil || *tail.Complete {
		t.Errorf("the tail: %+v", tail)
	}
	for limit := 1; limit <= 3; limit++ {
		if got, want := backwards(t, api, limit, ""), messagesOf(&tail); got != want {
			t.Errorf("the tail in pages of %d: %q, want %q", limit, got, want)
		}
	}
	away.Store(false)
	if got := backwards(t, api, 9, ""); got != all {
		t.Errorf("from the archive:\n%swant\n%s", got, all)
	}
}

func TestLogBackwardsOfARunThatPrints(t *testing.T) {
	f := newLogFacade()
	api := f.handler(DefaultOptions())
	if page := ok[logs.LogPage](t, api, "GET", logPath+"?before=end", ""); len(page.Entries) > 0 || page.End || page.PreviousCursor != "" {
		t.Errorf("before the start: %+v", page)
	}
	f.start()
	f.kubelet.print(30)
	first := ok[logs.LogPage](t, api, "GET", logPath+"?before=end&limit=10", "")
	f.kubelet.change(func() { f.kubelet.lines[3], f.kubelet.lines[20] = "level=error msg=bad", "level=warn msg=hm" })
	f.kubelet.print(10)
	if after := ok[logs.LogPage](t, api, "GET", logPath+"?cursor="+first.NextCursor, ""); len(after.Entries) != 10 || first.End {
		t.Errorf("since the newest page %d lines have come", len(after.Entries))
	}
	if before := ok[logs.LogPage](t, api, "GET", logPath+"?limit=10&before="+first.PreviousCursor, ""); len(before.Entries) != 10 {
		t.Errorf("before the newest page there are %d lines", len(before.Entries))
	}
	for query, want := range map[string]string{"&level=warn": "bad\nhm\n", "&level=error": "bad\n", "&attempt=2": "", "&container=main": strings.NewReplacer("level=error msg=bad", "bad", "level=warn msg=hm", "hm").Replace(f.kubelet.text())} {
		if got := backwards(t, api, 3, query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	for _, query := range []string{"?before=", "?before=abc", "?before=end&tail=3", "?before=end&follow=true", "?before=end&cursor=" + first.NextCursor, "?before=end&lastEventId=" + first.NextCursor} {
		wantProblem(t, call(t, api, "GET", logPath+query, ""), http.StatusBadRequest, "before")
	}
	wantProblem(t, call(t, api, "GET", logPath+"?before=end", "", "Accept", "text/plain"), http.StatusBadRequest, "text/plain")
}
