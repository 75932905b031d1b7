// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package send

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/taskexec/taskexec/controllers/notify/message"
	"github.com/taskexec/taskexec/controllers/notify/rules"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

const goodSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func targetOf(kind Type) Target {
	t := Target{Type: kind, URL: "https://chat.example.com/hook/0123456789?key=k-0123456789"}
	if kind == Webhook {
		t.Secret = goodSecret
	}
	if kind == Email {
		t.Mail = Mail{Host: "mail.example.com", Port: 587, TLS: StartTLS, From: "tasks@example.com", To: []string{"ann@example.com"}}
	}
	return t
}

func httpTypes() []Type { return []Type{Webhook, Feishu, DingTalk, WeCom, Slack} }

// hostile has the longest texts, each full of markup.
func hostile() message.Message {
	markup := "<at id=all></at> ![x](http://evil) [y](http://evil) <!channel> ```code``` <@U1> & "
	facts := message.Facts{
		Event: rules.Failed, At: noon, Namespace: strings.Repeat("n", 63), Task: strings.Repeat("t", 253), Execution: strings.Repeat("e", 253),
		Sentence: strings.Repeat(markup, 13)[:1000], Note: strings.Repeat(markup, 7)[:500], Reason: "NonZeroExit", More: 37,
		Log: slices.Repeat([]string{strings.Repeat(markup, 3)[:200]}, 10),
	}
	return message.Of("msg_1", facts, message.Options{Language: message.English, Console: "https://tasks.example.com/console"})
}

// Whatever a run says, the request keeps the limits of the vendor.
func TestLimitsOfTheVendors(t *testing.T) {
	for _, kind := range httpTypes() {
		t.Run(string(kind), func(t *testing.T) {
			r, err := New(targetOf(kind), hostile(), noon)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Body) > 20000 || !utf8.Valid(r.Body) {
				t.Errorf("%d bytes", len(r.Body))
			}
			var body map[string]any
			if err := json.Unmarshal(r.Body, &body); err != nil {
				t.Fatal(err)
			}
			checkLimits(t, body)
			if !strings.Contains(string(r.Body), "msg_1") {
				t.Error("the id is not in the message")
			}
		})
	}
}

func checkLimits(t *testing.T, body map[string]any) {
	t.Helper()
	if markdown, ok := body["markdown"].(map[string]any); ok {
		if content, ok := markdown["content"].(string); ok && (len(content) > 4096 || !strings.HasSuffix(content, "\nmsg_1")) {
			t.Errorf("content of %d bytes that ends with %q", len(content), content[len(content)-20:])
		}
	}
	blocks, _ := body["blocks"].([]any)
	for _, b := range blocks {
		block, _ := b.(map[string]any)
		text, _ := block["text"].(map[string]any)
		content, _ := text["text"].(string)
		most := maxSlackSection
		if block["type"] == "header" {
			most = maxSlackHeader
		}
		if n := utf8.RuneCountInString(content); n > most {
			t.Errorf("%s of %d characters", block["type"], n)
		}
	}
}

// No text of a run is a mention, a link or an image, or ends a code block.
func TestNoMarkupOfARun(t *testing.T) {
	for kind, forbidden := range map[Type][]string{
		DingTalk: {"](http://evil", "<at", "<@", "![", "```code"},
		WeCom:    {"](http://evil", "<at", "<@", "![", "```code"},
		Slack:    {"<!channel>", "<@U1>", "```code"},
	} {
		r, err := New(targetOf(kind), hostile(), noon)
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		collect(r.Body, &texts)
		for _, text := range texts {
			for _, f := range forbidden {
				if strings.Contains(text, f) {
					t.Errorf("%s: %q is in %q", kind, f, text)
				}
			}
		}
	}
	r, err := New(targetOf(Feishu), hostile(), noon)
	if err != nil || strings.Contains(string(r.Body), "lark_md") || strings.Contains(string(r.Body), `"markdown"`) {
		t.Errorf("a card of Feishu has markup, or %v", err)
	}
}

// collect finds all strings of a JSON text.
func collect(data []byte, texts *[]string) {
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			*texts = append(*texts, v)
		case []any:
			for _, child := range v {
				walk(child)
			}
		case map[string]any:
			for _, child := range v {
				walk(child)
			}
		}
	}
	var value any
	if json.Unmarshal(data, &value) == nil {
		walk(value)
	}
}

func TestKeyword(t *testing.T) {
	for keyword, want := range map[string]string{"": "Task", "Task": "Task", "ops": "[ops] Task"} {
		target := targetOf(DingTalk)
		target.Keyword = keyword
		r, err := New(target, hostile(), noon)
		var body markdownMessage
		if err != nil || json.Unmarshal(r.Body, &body) != nil || !strings.HasPrefix(body.Markdown.Title, want) {
			t.Errorf("%q: %v, %q", keyword, err, body.Markdown.Title)
		}
	}
}

func TestTargetsThatCannotBeUsed(t *testing.T) {
	secret := "s3cr3t-value"
	for name, c := range map[string]struct {
		of     Type
		change func(*Target)
		want   string
	}{
		"unknown type":      {"pager", func(*Target) {}, `the type "pager" is not known`},
		"no address":        {Slack, func(t *Target) { t.URL = "" }, "set its key url"},
		"no URL":            {Slack, func(t *Target) { t.URL = secret }, "not an http or https URL"},
		"another scheme":    {Slack, func(t *Target) { t.URL = "file:///" + secret }, "not an http or https URL"},
		"broken URL":        {Slack, func(t *Target) { t.URL = "https://x/%zz" + secret }, "not an http or https URL"},
		"password in URL":   {Slack, func(t *Target) { t.URL = "https://u:" + secret + "@x/" }, "has a user or a password"},
		"webhook unsigned":  {Webhook, func(t *Target) { t.Secret = "" }, "has no key secret"},
		"no prefix":         {Webhook, func(t *Target) { t.Secret = secret }, "whsec_"},
		"short key":         {Webhook, func(t *Target) { t.Secret = "whsec_c2VjcmV0" }, "24 to 64"},
		"second key broken": {Webhook, func(t *Target) { t.Secret += " whsec_%" }, "24 to 64"},
		"no server":         {Email, func(t *Target) { t.Mail.Host = "" }, "set its key host"},
		"a socket":          {Email, func(t *Target) { t.Mail.Host = "unix:///run/x" }, "not the name of a mail server"},
		"bad port":          {Email, func(t *Target) { t.Mail.Port = 70000 }, "from 1 to 65535"},
		"bad TLS":           {Email, func(t *Target) { t.Mail.TLS = "ssl" }, "not one of starttls"},
		"user only":         {Email, func(t *Target) { t.Mail.Username = "ann" }, "both username and password"},
		"password in plain": {Email, func(t *Target) { t.Mail.TLS, t.Mail.Username, t.Mail.Password = NoTLS, "ann", secret }, "not sent without TLS"},
		"no recipients":     {Email, func(t *Target) { t.Mail.To = nil }, "from 1 to 50 recipients"},
		"many recipients":   {Email, func(t *Target) { t.Mail.To = make([]string, 51) }, "from 1 to 50 recipients"},
		"bad recipient":     {Email, func(t *Target) { t.Mail.To = []string{"ann"} }, `the recipient "ann"`},
		"bad sender":        {Email, func(t *Target) { t.Mail.From = "tasks\r\nBcc: x@y" }, "is not a mail address"},
	} {
		t.Run(name, func(t *testing.T) {
			target := targetOf(c.of)
			c.change(&target)
			err := target.Validate()
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), secret) {
				t.Errorf("got %v", err)
			}
			if c.of != Email {
				if _, err := New(target, hostile(), noon); err == nil {
					t.Error("there is a request for it")
				}
			}
		})
	}
	for _, kind := range append(httpTypes(), Email) {
		if err := targetOf(kind).Validate(); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if _, err := New(targetOf(Email), hostile(), noon); err == nil {
		t.Error("there is an HTTP request for mail")
	}
}

func TestSecretsOfATarget(t *testing.T) {
	target := targetOf(Webhook)
	target.Secret += "\n" + goodSecret + "AAAA"
	target.Mail.Password = "hunter22"
	got := target.Secrets()
	for _, want := range []string{goodSecret, goodSecret + "AAAA", target.URL, "0123456789", "k-0123456789", "hunter22"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
	if slices.Contains(got, "hook") || slices.Contains(got, "") {
		t.Errorf("too much is secret: %q", got)
	}
}

// The query of an address stays when DingTalk's signature is added.
func TestAddressOfDingTalk(t *testing.T) {
	target := targetOf(DingTalk)
	target.Secret = "SECabc"
	r, err := New(target, hostile(), noon)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(r.URL)
	if err != nil || u.Query().Get("key") != "k-0123456789" || u.Query().Get("timestamp") != "1796126400000" || u.Query().Get("sign") == "" {
		t.Errorf("%s, %v", r.URL, err)
	}
}

// The example of the libraries of Standard Webhooks.
func TestSignatureOfTheStandard(t *testing.T) {
	keys, err := webhookKeys("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil || len(keys) != 1 {
		t.Fatal(keys, err)
	}
	got := sum(keys[0], `msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}`)
	if want := "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
