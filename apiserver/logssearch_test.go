// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/apiserver/logs"
)

const searchPath = logPath + "/search?q="

// searched returns the messages of all matches, searched in pages.
func searched(t *testing.T, api http.Handler, query string) (messages []string) {
	t.Helper()
	for cursor := ""; ; {
		found := ok[logs.LogMatches](t, api, "GET", searchPath+query+"&cursor="+cursor, "")
		for _, m := range found.Matches {
			messages = append(messages, m.Message)
		}
		if cursor = found.NextCursor; found.End {
			return messages
		}
		if len(messages) > 1000 {
			t.Fatal("the search does not end")
		}
	}
}

func TestLogSearch(t *testing.T) {
	f, away := inS3(t)
	api := f.handler(DefaultOptions())
	for _, source := range []string{"archive", "pod"} {
		for query, want := range map[string][]string{
			"line+3":                    {"line 3", "line 30", "line 33", "line 36", "line 39"},
			"line+3&limit=2":            {"line 3", "line 30", "line 33", "line 36", "line 39"},
			"LINE+3":                    nil,
			"LINE+3&ignoreCase=true":    {"line 3", "line 30", "line 33", "line 36", "line 39"},
			"line+3.":                   nil,
			"line+3.&regex=true":        {"line 30", "line 33", "line 36", "line 39"},
			"LINE+3[36]&regex=true":     nil,
			"(?i)LINE+3[36]&regex=true": {"line 33", "line 36"},
			"line+3&level=error":        nil,
			"line+3&container=main":     {"line 3", "line 30", "line 33", "line 36", "line 39"},
		} {
			if got := searched(t, api, query); !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", query, got, want)
			}
		}
		found := ok[logs.LogMatches](t, api, "GET", searchPath+"line+30", "")
		if len(found.Matches) != 1 || !found.End || found.Lines != 40 || found.Bytes == 0 || strings.Join(found.Sources, ",") != source {
			t.Fatalf("%+v", found)
		}
		match := found.Matches[0]
		if r := match.Ranges; len(r) != 1 || r[0] != (logs.Range{Start: 0, End: 7}) || match.Container != "main" || match.Attempt != 1 {
			t.Errorf("%+v", match)
		}
		page := ok[logs.LogPage](t, api, "GET", logPath+"?limit=2&before="+match.Cursor, "")
		if len(page.Entries) != 2 || page.Entries[1].Message != "line 30" {
			t.Errorf("the page that ends with the match: %+v", page.Entries)
		}
		away.Store(true)
	}
	f.podGone() // only the tail in the status is left
	if found := ok[logs.LogMatches](t, api, "GET", searchPath+"line+39", ""); len(found.Matches) != 1 || strings.Join(found.Sources, ",") != "tail" || found.Complete == nil || *found.Complete {
		t.Errorf("in the tail: %+v", found)
	}
}

// A message that was written with escapes is found as it is shown, and fields of the line as they were printed.
func TestLogSearchInStructuredLines(t *testing.T) {
	f := newLogFacade()
	f.start()
	f.kubelet.print(3)
	f.kubelet.change(func() {
		f.kubelet.lines = []string{`{"level":"error","msg":"\u4efb\u52a1 \"a\" failed","user":"ann"}`, "\x1b[31mred\x1b[0m line", `{"msg":"fine","path":"C:\\x"}`}
	})
	api := f.handler(DefaultOptions())
	for text, want := range map[string]string{
		`任务 "a"`: `任务 "a" failed`, "ann": `任务 "a" failed`, "red line": "red line", "fine": "fine", `C:\\x`: "fine", "absent": "",
	} {
		if got := strings.Join(searched(t, api, url.QueryEscape(text)), ","); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	for query, says := range map[string]string{
		"": "1 to 256", strings.Repeat("a", 257): "1 to 256", "a(&regex=true": "RE2", "a&tail=3": "unknown", "a&limit=0": "limit", "%FF": "1 to 256", "a&regex=x": "true or false",
	} {
		wantProblem(t, call(t, api, "GET", searchPath+query, ""), http.StatusBadRequest, says)
	}
	wantProblem(t, call(t, api, "GET", logPath+"/search", ""), http.StatusBadRequest, "q is missing")
	wantProblem(t, call(t, api, "GET", "/tasks/executions/none/logs/search?q=a", ""), http.StatusNotFound, "none")
}
