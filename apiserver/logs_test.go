// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/logs"
)

const logPath = "/tasks/executions/run/logs"

// messagesOf returns the messages of an answer's entries as text.
func messagesOf(p *logs.LogPage) (all string) {
	for _, e := range p.Entries {
		all += e.Message + "\n"
	}
	return all
}

func TestLogPages(t *testing.T) {
	for _, limit := range []int{1, 2, 7, 40, 1000} {
		f := newLogFacade()
		f.start()
		f.kubelet.print(40)
		f.end()
		api := f.handler(DefaultOptions())
		got, cursor := "", ""
		for n := 0; ; n++ {
			page := ok[logs.LogPage](t, api, "GET", fmt.Sprintf("%s?limit=%d&cursor=%s", logPath, limit, cursor), "")
			got, cursor = got+messagesOf(&page), page.NextCursor
			if page.End {
				if page.Complete == nil || !*page.Complete || page.Gap || page.ExecutionID != "run" || strings.Join(page.Sources, ",") != "pod" {
					t.Errorf("the last page says %+v", page)
				}
				break
			}
			if n > 50 {
				t.Fatal("the pages do not end")
			}
		}
		if got != f.kubelet.text() {
			t.Errorf("pages of %d give\n%swant\n%s", limit, got, f.kubelet.text())
		}
		f.wantIdle(t)
	}
}

// While a run prints, each page begins where the last one ended, even if nothing was printed yet.
func TestLogPagesOfARunThatPrints(t *testing.T) {
	f := newLogFacade()
	api, got, cursor := f.handler(DefaultOptions()), "", ""
	for step := range 12 {
		switch step {
		case 1:
			f.start()
		case 2, 4, 5, 7:
			f.kubelet.print(5)
		case 9:
			f.end()
		}
		page := ok[logs.LogPage](t, api, "GET", logPath+"?cursor="+cursor, "")
		got, cursor = got+messagesOf(&page), page.NextCursor
		if page.End != (step >= 9) {
			t.Errorf("step %d: end is %v", step, page.End)
		}
	}
	if got != f.kubelet.text() {
		t.Errorf("got\n%swant\n%s", got, f.kubelet.text())
	}
}

func TestLogSelection(t *testing.T) {
	f := newLogFacade()
	f.start()
	f.kubelet.print(30)
	f.kubelet.change(func() {
		f.kubelet.lines[3], f.kubelet.lines[20] = "level=error msg=bad", `{"level":"warn","msg":"hm","n":1}`
	})
	f.end()
	api := f.handler(DefaultOptions())
	all := strings.Split(strings.TrimSuffix(f.kubelet.text(), "\n"), "\n")
	for query, want := range map[string]string{
		"?level=error":                      "bad\n",
		"?level=warn":                       "bad\nhm\n",
		"?level=warn&tail=1":                "hm\n",
		"?level=warn&tail=9":                "bad\nhm\n",
		"?tail=5":                           strings.Join(all[25:], "\n") + "\n",
		"?since=2025-11-25T11:05:00.7Z":     strings.Join(all[28:], "\n") + "\n",
		"?container=other":                  "",
		"?attempt=2":                        "",
		"?container=main&attempt=1&limit=2": strings.Join(all[:2], "\n") + "\n",
	} {
		page := ok[logs.LogPage](t, api, "GET", logPath+query, "")
		if messagesOf(&page) != want {
			t.Errorf("%s gives %q, want %q", query, messagesOf(&page), want)
		}
	}
	page := ok[logs.LogPage](t, api, "GET", logPath+"?level=warn", "")
	if e := page.Entries[1]; e.Level != "warn" || string(e.Data) != `{"n":1}` || e.Container != "main" || e.Attempt != 1 || !e.Timestamp.Equal(f.kubelet.at[20]) {
		t.Errorf("the entry is %+v", e)
	}
}

func TestLogText(t *testing.T) {
	f := newLogFacade()
	f.start()
	f.kubelet.print(30)
	long := strings.Repeat("x", 300<<10)
	f.kubelet.change(func() { f.kubelet.lines[7], f.kubelet.lines[28] = long, "{\"msg\":\"raw \x1b[31m\xff\"}" })
	f.end()
	api, all := f.handler(DefaultOptions()), f.kubelet.text()
	split := strings.SplitAfter(all, "\n")
	for query, want := range map[string]string{
		"":                        all,
		"?limit=8":                strings.Join(split[:8], ""),
		"?tail=3":                 strings.Join(split[27:], ""),
		"?tail=25":                strings.Join(split[5:], ""),
		"?timestamps=true&tail=1": "2025-11-25T11:05:00.7Z " + split[29],
		"?follow=true":            all,
		"?follow=true&tail=2":     strings.Join(split[28:], ""),
		"?level=error":            "",
	} {
		w := call(t, api, "GET", logPath+query, "", "Accept", "text/plain")
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/plain; charset=utf-8" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", query, w.Code, w.Header())
		}
		if w.Body.String() != want {
			t.Errorf("%s gives %d bytes, want %d", query, w.Body.Len(), len(want))
		}
	}
	f.wantIdle(t)
}

// Only the tail in the run's status is left.
func TestLogTail(t *testing.T) {
	f := newLogFacade()
	f.end()
	f.store.executions["run"].Status.Logs = []v1alpha1.LogEntry{
		{Timestamp: metav1.NewMicroTime(logStart), Level: v1alpha1.LogInfo, Message: "one"},
		{Timestamp: metav1.NewMicroTime(logStart.Add(1)), Level: v1alpha1.LogError, Message: "two"},
	}
	api := f.handler(DefaultOptions())
	page := ok[logs.LogPage](t, api, "GET", logPath, "")
	if messagesOf(&page) != "one\ntwo\n" || !page.End || strings.Join(page.Sources, ",") != "tail" {
		t.Errorf("got %+v", page)
	}
	if page := ok[logs.LogPage](t, api, "GET", logPath+"?level=error", ""); messagesOf(&page) != "two\n" {
		t.Errorf("got %+v", page)
	}
	if w := call(t, api, "GET", logPath, "", "Accept", "text/plain"); w.Body.String() != "one\ntwo\n" {
		t.Errorf("got %q", w.Body)
	}
	if w := call(t, api, "GET", logPath+"?follow=true", ""); strings.Count(w.Body.String(), "event: entry") != 2 || !strings.Contains(w.Body.String(), "event: end") {
		t.Errorf("got %q", w.Body)
	}
}

func TestLogProblems(t *testing.T) {
	f := newLogFacade()
	f.start()
	f.kubelet.print(3)
	api := f.handler(DefaultOptions())
	elsewhere := newLogFacade()
	elsewhere.start()
	elsewhere.kubelet.print(3)
	elsewhere.store.pods[0].UID = "another"
	gone := ok[logs.LogPage](t, elsewhere.handler(DefaultOptions()), "GET", logPath, "").NextCursor
	for _, c := range []struct {
		query, accept string
		status        int
		says          string
	}{
		{"?limit=0", "", 400, "limit"},
		{"?limit=1001", "", 400, "limit"},
		{"?limit=x", "", 400, "limit"},
		{"?limit=1&limit=2", "", 400, "limit"},
		{"?tail=-1", "", 400, "tail"},
		{"?tail=3&cursor=" + gone, "", 400, "tail"},
		{"?level=fatal", "", 400, "level"},
		{"?since=yesterday", "", 400, "since"},
		{"?since=-5m", "", 400, "since"},
		{"?attempt=0", "", 400, "attempt"},
		{"?container=", "", 400, "container"},
		{"?follow=1", "", 400, "follow"},
		{"?nonsense=1", "", 400, "nonsense"},
		{"?cursor=garbage", "", 400, "cursor"},
		{"?cursor=%00%ff", "", 400, "cursor"},
		{"?timestamps=true", "", 400, "timestamps"},
		{"?cursor=" + gone, "", 410, "gone"},
		{"?cursor=" + gone, "text/plain", 410, "gone"},
		{"?follow=true&cursor=" + gone, "", 410, "gone"},
		{"?follow=true&cursor=" + gone, "text/plain", 410, "gone"},
	} {
		t.Run(c.query+" "+c.accept, func(t *testing.T) {
			wantProblem(t, call(t, api, "GET", logPath+c.query, "", "Accept", c.accept), c.status, c.says)
		})
	}
	wantProblem(t, call(t, api, "GET", "/tasks/executions/nothing/logs", ""), 404, `no execution "nothing"`)
	for range cap(f.logs.Places) {
		f.logs.Places <- struct{}{}
	}
	w := call(t, api, "GET", logPath, "")
	if wantProblem(t, w, 503, "already"); w.Header().Get("Retry-After") == "" {
		t.Error("it does not say when to try again")
	}
}

// HEAD answers at once, even if GET would last as long as the run.
func TestLogHead(t *testing.T) {
	f := newLogFacade()
	f.start()
	f.kubelet.print(3)
	api := f.handler(DefaultOptions())
	for query, contentType := range map[string]string{"": "application/json", "?follow=true": "text/event-stream"} {
		if w := call(t, api, "HEAD", logPath+query, ""); w.Code != 200 || w.Header().Get("Content-Type") != contentType {
			t.Errorf("HEAD %s: %d %v", query, w.Code, w.Header())
		}
	}
	if w := call(t, api, "HEAD", logPath+"?follow=true", "", "Accept", "text/plain"); w.Code != 200 {
		t.Errorf("HEAD of text: %d", w.Code)
	}
}
