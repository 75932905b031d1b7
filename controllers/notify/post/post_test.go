// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package post

import (
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/controllers/notify/dial"
	"github.com/taskexec/taskexec/controllers/notify/message"
	"github.com/taskexec/taskexec/controllers/notify/rules"
	"github.com/taskexec/taskexec/controllers/notify/send"
)

const (
	id      = "msg_0123456789"
	signing = "SEC-signing-secret"
	token   = "t0ken-0123456789"
)

var webhookKey = []byte("0123456789abcdef0123456789abcdef")

func poster() *Poster {
	return New(&dial.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, clock.RealClock{}, nil)
}

func failure() message.Message {
	started := time.Now().Add(-time.Minute)
	return message.Of(id, message.Facts{
		Event: rules.Failed, At: time.Now(), Namespace: "shop", Task: "report", Execution: "report-1", Reason: "NonZeroExit",
		Sentence: "container main exited with code 3 <&>", ExitCode: ptr.To[int32](3), StartTime: &started, Log: []string{"no such table \"orders\""},
	}, message.Options{Language: message.Chinese, Console: "https://tasks.example.com/console"})
}

// serve runs a receiver, and returns its address and what it got.
func serve(t *testing.T, r receiver) (address string, got chan received) {
	t.Helper()
	got = make(chan received, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		got <- r(w, request, body)
	}))
	t.Cleanup(server.Close)
	return server.URL, got
}

// Each type of target reaches a receiver that checks what the vendor's documents say.
func TestEachTypeReachesItsReceiver(t *testing.T) {
	whsec := "whsec_" + base64.StdEncoding.EncodeToString(webhookKey)
	for name, c := range map[string]struct {
		r      receiver
		target send.Target
	}{
		"webhook":                    {standardWebhook(webhookKey), send.Target{Type: send.Webhook, Secret: whsec}},
		"webhook, the key exchanged": {standardWebhook(webhookKey), send.Target{Type: send.Webhook, Secret: "whsec_" + strings.Repeat("QUJD", 10) + "\n" + whsec}},
		"feishu":                     {feishuRobot(""), send.Target{Type: send.Feishu}},
		"feishu, signed":             {feishuRobot(signing), send.Target{Type: send.Feishu, Secret: signing}},
		"dingtalk":                   {dingtalkRobot(signing, "监控"), send.Target{Type: send.DingTalk, Secret: signing, Keyword: "监控"}},
		"wecom":                      {wecomRobot(token), send.Target{Type: send.WeCom}},
		"slack":                      {slackHook, send.Target{Type: send.Slack}},
	} {
		t.Run(name, func(t *testing.T) {
			address, got := serve(t, c.r)
			c.target.URL = address + "/hook?key=" + token
			if v := poster().Send(t.Context(), c.target, failure()); v.Outcome != send.Delivered {
				t.Fatalf("got %+v", v)
			}
			m := <-got
			if m.wrong != "" || !strings.Contains(m.title, "任务 report 执行失败") {
				t.Errorf("received %+v", m)
			}
			for _, want := range []string{"report-1", "no such table", "https://tasks.example.com/console/ns/shop/runs/report-1", id} {
				if !strings.Contains(m.text, want) {
					t.Errorf("%q is missing in %s", want, m.text)
				}
			}
		})
	}
}

// What a vendor refuses within a status of 200 is not delivered, and the reason says what the vendor said.
func TestWhatAVendorRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		r      receiver
		target send.Target
		reason string
	}{
		"webhook, another key":  {standardWebhook([]byte("another")), send.Target{Type: send.Webhook, Secret: "whsec_" + base64.StdEncoding.EncodeToString(webhookKey)}, "HTTP 401"},
		"feishu, another key":   {feishuRobot("another"), send.Target{Type: send.Feishu, Secret: signing}, "Feishu answered 19021: sign match fail"},
		"feishu, not signed":    {feishuRobot(signing), send.Target{Type: send.Feishu}, "19021"},
		"dingtalk, another key": {dingtalkRobot("another", ""), send.Target{Type: send.DingTalk, Secret: signing}, "sign not match"},
		"dingtalk, no keyword":  {dingtalkRobot(signing, "监控"), send.Target{Type: send.DingTalk, Secret: signing}, "keywords not in content"},
		"wecom, another key":    {wecomRobot("another"), send.Target{Type: send.WeCom}, "93000"},
	} {
		t.Run(name, func(t *testing.T) {
			address, _ := serve(t, c.r)
			c.target.URL = address + "/hook?key=" + token
			if v := poster().Send(t.Context(), c.target, failure()); v.Outcome != send.Refused || !strings.Contains(v.Reason, c.reason) {
				t.Errorf("got %+v", v)
			}
		})
	}
}

// hijacked gives a handler the bare connection.
func hijacked(t *testing.T, with func(conn net.Conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		with(conn)
	}
}

// However bad a receiver is, an attempt ends with a verdict, and the reason is short and has no secret.
func TestBadReceivers(t *testing.T) {
	forever := make(chan struct{})
	mega := strings.Repeat("x", 1<<20)
	ten := func(w io.Writer) {
		for range 10 {
			if _, err := io.WriteString(w, mega); err != nil {
				return
			}
		}
	}
	for name, c := range map[string]struct {
		h http.HandlerFunc
		// chat and hook are the verdicts for a chat and for a webhook. An empty one is not tested: it depends on how fast
		// the headers are.
		chat, hook send.Outcome
		reason     string
	}{
		"never answers":     {func(http.ResponseWriter, *http.Request) { <-forever }, send.Retry, send.Retry, "no answer within 15s"},
		"answers 500":       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, send.Retry, send.Retry, "HTTP 500"},
		"answers 10 MiB":    {func(w http.ResponseWriter, _ *http.Request) { ten(w) }, send.Refused, send.Delivered, "not one of WeCom"},
		"500 with 10 MiB":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500); ten(w) }, send.Retry, send.Retry, "HTTP 500"},
		"closes":            {hijacked(t, func(net.Conn) {}), send.Retry, send.Retry, "EOF"},
		"resets":            {hijacked(t, func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }), send.Retry, send.Retry, ""},
		"speaks no HTTP":    {hijacked(t, func(c net.Conn) { _, _ = io.WriteString(c, "220 mail ready\r\n") }), send.Retry, send.Retry, "malformed HTTP"},
		"headers of 10 MiB": {hijacked(t, func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nX: "); ten(c) }), send.Retry, send.Retry, ""},
		"breaks off": {hijacked(t, func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"errcode\":0")
		}), send.Retry, send.Delivered, "broke off"},
		"hangs within the answer": {hijacked(t, func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
			<-forever
		}), send.Retry, "", "no answer within 15s"},
		"tells the secrets": {func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(400)
			_, _ = io.WriteString(w, "no such robot: "+r.URL.String())
		}, send.Refused, send.Refused, "[redacted]"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.h)
			t.Cleanup(server.CloseClientConnections)
			for kind, want := range map[send.Type]send.Outcome{send.WeCom: c.chat, send.Webhook: c.hook} {
				if want == "" {
					continue
				}
				p := poster()
				if strings.Contains(c.reason, "no answer") {
					p.timeout = 200 * time.Millisecond
				}
				target := send.Target{Type: kind, URL: server.URL + "/robots/" + token + "?key=" + token, Secret: "whsec_" + base64.StdEncoding.EncodeToString(webhookKey)}
				v := p.Send(t.Context(), target, failure())
				if v.Outcome != want || want != send.Delivered && !strings.Contains(v.Reason, c.reason) {
					t.Errorf("%s: got %+v", kind, v)
				}
				if strings.Contains(v.Reason, "127.0.0.1") || len(v.Reason) > maxReason || strings.Contains(v.Reason, token) || strings.Contains(v.Reason, target.Secret) {
					t.Errorf("%s: reason %q", kind, v.Reason)
				}
			}
		})
	}
	close(forever)
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var reached atomic.Int32
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer inside.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.RedirectHandler(inside.URL, status))
		v := poster().Send(t.Context(), send.Target{Type: send.Slack, URL: server.URL}, failure())
		if v.Outcome != send.Refused || !strings.Contains(v.Reason, "redirects are not followed") || strings.Contains(v.Reason, inside.URL) {
			t.Errorf("%d: %+v", status, v)
		}
		server.Close()
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("the other address was reached %d times", n)
	}
}

// An address in the cluster is refused without a connection, and the reason does not say where a name leads.
func TestForbiddenAddresses(t *testing.T) {
	var reached atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer server.Close()
	p := New(&dial.Guard{}, clock.RealClock{}, nil)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(server.URL, "http://"))
	for _, target := range []send.Target{
		{Type: send.Slack, URL: "http://localhost:" + port},
		{Type: send.Email, Mail: send.Mail{Host: "localhost", Port: server.Listener.Addr().(*net.TCPAddr).Port, TLS: send.NoTLS, From: "a@example.com", To: []string{"b@example.com"}}},
	} {
		v := p.Send(t.Context(), target, failure())
		if v.Outcome != send.Refused || !strings.HasPrefix(v.Reason, "the address is not allowed for notifications") || strings.Contains(v.Reason, "127.0.0.1") {
			t.Errorf("got %+v", v)
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("the server was reached %d times", n)
	}
}

func TestNobodyListens(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	address := server.URL
	server.Close()
	if v := poster().Send(t.Context(), send.Target{Type: send.Slack, URL: address + "/" + token}, failure()); v.Outcome != send.Retry || !strings.Contains(v.Reason, "refused") || strings.Contains(v.Reason, token) {
		t.Errorf("got %+v", v)
	}
	if v := poster().Send(t.Context(), send.Target{Type: send.Slack}, failure()); v.Outcome != send.Refused {
		t.Errorf("a target without an address: %+v", v)
	}
}

// The certificate of a receiver is checked.
func TestCertificateOfAStranger(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	server.Config.ErrorLog = nil
	if v := poster().Send(t.Context(), send.Target{Type: send.Slack, URL: server.URL}, failure()); v.Outcome != send.Retry || !strings.Contains(v.Reason, "certificate") {
		t.Errorf("got %+v", v)
	}
}
