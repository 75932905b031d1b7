// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package send

import (
	"strings"
	"testing"
	"time"
)

func TestVerdicts(t *testing.T) {
	for name, c := range map[string]struct {
		of     Type
		answer Answer
		want   Outcome
		reason string
		after  time.Duration
	}{
		"webhook 200":             {Webhook, Answer{Status: 200}, Delivered, "", 0},
		"webhook 204":             {Webhook, Answer{Status: 204}, Delivered, "", 0},
		"webhook 202 with text":   {Webhook, Answer{Status: 202, Body: []byte("<html>")}, Delivered, "", 0},
		"301":                     {Webhook, Answer{Status: 301}, Refused, "redirects are not followed", 0},
		"400":                     {Slack, Answer{Status: 400, Body: []byte("invalid_payload")}, Refused, "HTTP 400: invalid_payload", 0},
		"404":                     {Slack, Answer{Status: 404, Body: []byte("no_service\x1b[31m")}, Refused, "HTTP 404: no_service", 0},
		"410":                     {Webhook, Answer{Status: 410}, Refused, "HTTP 410", 0},
		"408":                     {Webhook, Answer{Status: 408}, Retry, "HTTP 408", 0},
		"429":                     {Webhook, Answer{Status: 429, RetryAfter: "30"}, Retry, "HTTP 429", 30 * time.Second},
		"429 without a time":      {Slack, Answer{Status: 429}, Retry, "HTTP 429", 0},
		"500":                     {Webhook, Answer{Status: 500, Body: []byte("oops\nno")}, Retry, "HTTP 500: oops no", 0},
		"501":                     {Webhook, Answer{Status: 501}, Refused, "HTTP 501", 0},
		"503 until a date":        {Webhook, Answer{Status: 503, RetryAfter: "Tue, 01 Dec 2026 12:02:00 GMT"}, Retry, "HTTP 503", 2 * time.Minute},
		"503 until a past date":   {Webhook, Answer{Status: 503, RetryAfter: "Tue, 01 Dec 2026 11:02:00 GMT"}, Retry, "HTTP 503", 0},
		"503 for ever":            {Webhook, Answer{Status: 503, RetryAfter: "999999999"}, Retry, "HTTP 503", time.Hour},
		"503 with nonsense":       {Webhook, Answer{Status: 503, RetryAfter: "soon"}, Retry, "HTTP 503", 0},
		"a status of no HTTP":     {Webhook, Answer{Status: 0}, Refused, "HTTP 0", 0},
		"feishu":                  {Feishu, Answer{Status: 200, Body: []byte(`{"code":0,"msg":"success","data":{}}`)}, Delivered, "", 0},
		"feishu, old":             {Feishu, Answer{Status: 200, Body: []byte(`{"StatusCode":0,"StatusMessage":"success"}`)}, Delivered, "", 0},
		"feishu, bad sign":        {Feishu, Answer{Status: 200, Body: []byte(`{"code":19021,"msg":"sign match fail","data":{}}`)}, Refused, "Feishu answered 19021: sign match fail", 0},
		"feishu, too fast":        {Feishu, Answer{Status: 200, Body: []byte(`{"code":11232,"msg":"frequency limited"}`)}, Retry, "11232", time.Minute},
		"feishu, empty":           {Feishu, Answer{Status: 200}, Refused, "not one of Feishu", 0},
		"feishu, a login page":    {Feishu, Answer{Status: 200, Body: []byte("<html>log in</html>")}, Refused, "not one of Feishu", 0},
		"dingtalk":                {DingTalk, Answer{Status: 200, Body: []byte(`{"errcode":0,"errmsg":"ok"}`)}, Delivered, "", 0},
		"dingtalk, keyword":       {DingTalk, Answer{Status: 200, Body: []byte(`{"errcode":310000,"errmsg":"keywords not in content"}`)}, Refused, "keywords not in content", 0},
		"dingtalk, too fast":      {DingTalk, Answer{Status: 200, Body: []byte(`{"errcode":130101,"errmsg":"send too fast"}`)}, Retry, "130101", 10 * time.Minute},
		"dingtalk, busy":          {DingTalk, Answer{Status: 200, RetryAfter: "5", Body: []byte(`{"errcode":-1,"errmsg":"busy"}`)}, Retry, "-1", 5 * time.Second},
		"dingtalk, other JSON":    {DingTalk, Answer{Status: 200, Body: []byte(`{"ok":true}`)}, Refused, "not one of DingTalk", 0},
		"dingtalk, cut":           {DingTalk, Answer{Status: 200, Body: []byte(`{"errcode":0,"er`)}, Refused, "not one of DingTalk", 0},
		"wecom":                   {WeCom, Answer{Status: 200, Body: []byte(`{"errcode":0,"errmsg":"ok"}`)}, Delivered, "", 0},
		"wecom, too fast":         {WeCom, Answer{Status: 200, Body: []byte(`{"errcode":45009,"errmsg":"api freq out of limit"}`)}, Retry, "45009", time.Minute},
		"wecom, bad key":          {WeCom, Answer{Status: 200, Body: []byte(`{"errcode":93000,"errmsg":"invalid webhook url"}`)}, Refused, "93000", 0},
		"slack":                   {Slack, Answer{Status: 200, Body: []byte("ok")}, Delivered, "", 0},
		"slack, something else":   {Slack, Answer{Status: 200, Body: []byte("<html>")}, Refused, "not one of Slack", 0},
		"a chat answers 500":      {WeCom, Answer{Status: 500, Body: []byte(`{"errcode":0}`)}, Retry, "HTTP 500", 0},
		"an answer of a megabyte": {Slack, Answer{Status: 400, Body: []byte(strings.Repeat("x", 1<<20))}, Refused, "HTTP 400: xxx", 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := Judge(c.of, c.answer, noon)
			if got.Outcome != c.want || !strings.Contains(got.Reason, c.reason) || got.After != c.after {
				t.Errorf("got %+v", got)
			}
			if len(got.Reason) > maxReason || strings.ContainsAny(got.Reason, "\n\x1b") || (got.Reason == "") != (got.Outcome == Delivered) {
				t.Errorf("reason %q", got.Reason)
			}
		})
	}
}

// Judge takes whatever a receiver answers.
func FuzzJudge(f *testing.F) {
	for _, body := range []string{"", "ok", `{"errcode":0}`, `{"code":1,"msg":"\u001b[0m"}`, `{"StatusCode":null}`, `[]`, "\xff"} {
		f.Add(200, "1", []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, retryAfter string, body []byte) {
		for _, kind := range append(httpTypes(), Email, "pager") {
			v := Judge(kind, Answer{status, retryAfter, body}, noon)
			if v.After < 0 || v.After > maxAfter || len(v.Reason) > maxReason || strings.ContainsAny(v.Reason, "\n\r\x1b") {
				t.Errorf("%s: %+v", kind, v)
			}
			if v.Outcome == Delivered && (status < 200 || status > 299) {
				t.Errorf("%s: %d is delivered", kind, status)
			}
		}
	})
}
