// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
)

// A run has the longest name that Kubernetes allows, and the node allows only shorter host names.
func TestCase18NameOf253Characters(t *testing.T) {
	t.Parallel()
	task := given(t, taskOf(`echo "I am $TASK_EXECUTION_ID"`))
	name := task + strings.Repeat("a", validation.DNS1123SubdomainMaxLength-len(task))
	kubectl(t, manifestOf(name, task), "apply", "-f", "-")
	if e := polled(t, name); e.Status != "completed" || !strings.Contains(messages(e.Logs), "I am "+name+"\n") {
		t.Errorf("got %s", text(e))
	}
	if e := captured(t, name); !verdictOf(t, e) {
		t.Errorf("its log is not whole: %s", text(e.Status.LogSummary))
	}
	if got := string(wholeLog(t, name, "")); got != "I am "+name+"\n" {
		t.Errorf("the log is %q", got)
	}
}

// A script in a log is served as text in every format, so that a browser does not run it.
func TestCase20ScriptInALog(t *testing.T) {
	t.Parallel()
	const script = `<script>alert(1)</script>`
	id := execute(t, given(t, taskOf(`echo '`+script+`'`)), nil)
	if e := polled(t, id); !strings.Contains(messages(e.Logs), script+"\n") {
		t.Errorf("the log is %q", messages(e.Logs))
	}
	captured(t, id)
	for name, r := range map[string]response{
		"the run":  call(t, "GET", "/tasks/running/execution/"+id, nil),
		"a page":   call(t, "GET", logsPath(id, "limit=10"), nil),
		"a stream": call(t, "GET", logsPath(id, "follow=true"), nil, "Accept", "text/event-stream"),
		"as text":  call(t, "GET", logsPath(id, ""), nil, "Accept", "text/plain"),
		"as HTML":  call(t, "GET", logsPath(id, ""), nil, "Accept", "text/html"),
	} {
		kind, policy := r.header.Get("Content-Type"), r.header.Get("Content-Security-Policy")
		if strings.Contains(kind, "html") || kind == "" || r.header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(policy, "default-src 'none'") {
			t.Errorf("%s is given as %q with the policy %q", name, kind, policy)
		}
		if !strings.HasPrefix(kind, "text/plain") && strings.Contains(string(r.body), "<script") {
			t.Errorf("%s has %.300s", name, r.body)
		}
	}
}

// Harmful requests are rejected: a body that is too large, headers that never end, and requests from a page of
// another site.
func TestCase20HostileRequests(t *testing.T) {
	name := given(t, taskOf(`echo begun; exec sleep 300`))
	id := execute(t, name, nil)
	printed(t, id, "begun")
	if r := call(t, "POST", "/tasks/"+name+"/execute/api", []byte(`{"params":{"x":"`+strings.Repeat("x", 10<<20)+`"}}`)); r.code != http.StatusRequestEntityTooLarge {
		t.Errorf("10 MiB: %d %.300s", r.code, r.body)
	}
	for _, header := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
		for _, c := range []apiCall{
			{"DELETE", "/tasks/executions/cancel/all", nil},
			{"DELETE", "/tasks/executions/cancel/by-ids", map[string]any{"executionIds": []string{id}}},
			{"DELETE", "/tasks/executions/" + id, nil},
		} {
			if r := call(t, c.method, c.path, c.body, header[0], header[1]); r.code != http.StatusForbidden {
				t.Errorf("%s %s with %s: %d %s", c.method, c.path, header, r.code, r.body)
			}
		}
	}
	if e := status(t, id); e.Status != "running" {
		t.Errorf("somebody ended it: %s", text(e))
	}
	slowHeaders(t)
	ask[any](t, "DELETE", "/tasks/executions/cancel/by-ids", map[string]any{"executionIds": []string{id}})
}

// slowHeaders checks that the facade closes a connection that sends its headers too slowly, and serves others
// meanwhile.
func slowHeaders(t *testing.T) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /tasks HTTP/1.1\r\nHost: localhost\r\nX-Slow: "); err != nil {
		t.Fatal(err)
	}
	cut := make(chan error, 1)
	go func() {
		_, err := conn.Read(make([]byte, 1))
		cut <- err
	}()
	drip := time.NewTicker(500 * time.Millisecond)
	defer drip.Stop()
	deadline := time.After(patience)
	for {
		select {
		case err := <-cut:
			if err == nil {
				t.Error("half a request is answered")
			}
			return
		case <-deadline:
			t.Fatal("it is waited for for ever")
		case <-drip.C:
			_, _ = io.WriteString(conn, "x") // fails when the connection is closed; the reader reports it
			if r := call(t, "GET", "/healthz", nil); r.code != http.StatusOK {
				t.Errorf("meanwhile: %d %s", r.code, r.body)
			}
		}
	}
}
