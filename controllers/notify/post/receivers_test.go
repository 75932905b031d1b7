// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package post

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The receivers check what they get by the documents of their vendors. They share no code with package send: hmacSHA256 is
// written from RFC 2104.

// clockSkew is how far a timestamp may be off for each receiver.
const clockSkew = 5 * time.Minute

func hmacSHA256(key, text []byte) string {
	const block = 64
	if len(key) > block {
		short := sha256.Sum256(key)
		key = short[:]
	}
	inner, outer := make([]byte, block), make([]byte, block)
	copy(inner, key)
	copy(outer, key)
	for i := range block {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	first := sha256.Sum256(append(inner, text...))
	second := sha256.Sum256(append(outer, first[:]...))
	return base64.StdEncoding.EncodeToString(second[:])
}

// received is what a receiver got, with what was wrong with it.
type received struct {
	id, title, text string
	wrong           string
}

// receiver checks a request, answers it, and says what it got.
type receiver func(w http.ResponseWriter, r *http.Request, body []byte) received

func near(seconds int64) bool {
	off := time.Since(time.Unix(seconds, 0))
	return off < clockSkew && off > -clockSkew
}

// standardWebhook takes CloudEvents that are signed as Standard Webhooks are.
func standardWebhook(key []byte) receiver {
	return func(w http.ResponseWriter, r *http.Request, body []byte) (got received) {
		got.id = r.Header.Get("webhook-id")
		stamp := r.Header.Get("webhook-timestamp")
		seconds, err := strconv.ParseInt(stamp, 10, 64)
		valid := false
		for one := range strings.FieldsSeq(r.Header.Get("webhook-signature")) {
			version, signature, _ := strings.Cut(one, ",")
			valid = valid || version == "v1" && signature == hmacSHA256(key, []byte(got.id+"."+stamp+"."+string(body)))
		}
		var event struct {
			SpecVersion, ID, Source, Type, Subject, Time, DataContentType string
			Data                                                          map[string]any
		}
		decoder := json.NewDecoder(strings.NewReader(string(body)))
		decodeErr := decoder.Decode(&event)
		_, timeErr := time.Parse(time.RFC3339Nano, event.Time)
		switch {
		case err != nil || !near(seconds):
			got.wrong = "timestamp " + stamp
		case !valid:
			got.wrong = "signature"
		case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/cloudevents+json"):
			got.wrong = "content type"
		case decodeErr != nil || event.SpecVersion != "1.0" || event.ID != got.id || event.Source == "" || event.Type == "" || timeErr != nil:
			got.wrong = fmt.Sprintf("event %s", body)
		}
		got.title, _ = event.Data["title"].(string)
		got.text = string(body)
		if got.wrong != "" {
			w.WriteHeader(http.StatusUnauthorized)
		}
		return got
	}
}

// feishuRobot checks signatures. Its answers are always 200.
func feishuRobot(secret string) receiver {
	return func(w http.ResponseWriter, _ *http.Request, body []byte) (got received) {
		var m struct {
			Timestamp, Sign string
			Type            string `json:"msg_type"`
			Card            struct {
				Header   struct{ Title struct{ Tag, Content string } }
				Elements []json.RawMessage
			}
		}
		err := json.Unmarshal(body, &m)
		seconds, stampErr := strconv.ParseInt(m.Timestamp, 10, 64)
		got = received{title: m.Card.Header.Title.Content, text: string(body)}
		switch {
		case err != nil || m.Type != "interactive" || m.Card.Header.Title.Tag != "plain_text" || len(m.Card.Elements) == 0:
			got.wrong = `{"code":9499,"msg":"Bad Request","data":{}}`
		case secret != "" && (stampErr != nil || !near(seconds) || m.Sign != hmacSHA256([]byte(m.Timestamp+"\n"+secret), nil)):
			got.wrong = `{"code":19021,"msg":"sign match fail or timestamp is not within one hour from current time","data":{}}`
		}
		answer(w, got.wrong, `{"code":0,"msg":"success","data":{}}`)
		return got
	}
}

// dingtalkRobot checks signatures and the keyword. Its answers are always 200.
func dingtalkRobot(secret, keyword string) receiver {
	return func(w http.ResponseWriter, r *http.Request, body []byte) (got received) {
		var m struct {
			Type     string `json:"msgtype"`
			Markdown struct{ Title, Text string }
		}
		err := json.Unmarshal(body, &m)
		stamp := r.URL.Query().Get("timestamp")
		millis, stampErr := strconv.ParseInt(stamp, 10, 64)
		got = received{title: m.Markdown.Title, text: m.Markdown.Text}
		switch {
		case err != nil || m.Type != "markdown" || m.Markdown.Title == "" || m.Markdown.Text == "":
			got.wrong = `{"errcode":400402,"errmsg":"miss param"}`
		case stampErr != nil || !near(millis/1000):
			got.wrong = `{"errcode":310000,"errmsg":"invalid timestamp"}`
		case r.URL.Query().Get("sign") != hmacSHA256([]byte(secret), []byte(stamp+"\n"+secret)):
			got.wrong = `{"errcode":310000,"errmsg":"sign not match"}`
		case !strings.Contains(m.Markdown.Title+m.Markdown.Text, keyword):
			got.wrong = `{"errcode":310000,"errmsg":"keywords not in content"}`
		}
		answer(w, got.wrong, `{"errcode":0,"errmsg":"ok"}`)
		return got
	}
}

// wecomRobot checks the key and the length. Its answers are always 200.
func wecomRobot(key string) receiver {
	return func(w http.ResponseWriter, r *http.Request, body []byte) (got received) {
		var m struct {
			Type     string `json:"msgtype"`
			Markdown struct{ Content string }
		}
		err := json.Unmarshal(body, &m)
		got = received{title: m.Markdown.Content, text: m.Markdown.Content}
		switch {
		case r.URL.Query().Get("key") != key:
			got.wrong = `{"errcode":93000,"errmsg":"invalid webhook url"}`
		case err != nil || m.Type != "markdown" || m.Markdown.Content == "" || len(m.Markdown.Content) > 4096:
			got.wrong = `{"errcode":40058,"errmsg":"markdown.content exceed max length 4096"}`
		}
		answer(w, got.wrong, `{"errcode":0,"errmsg":"ok"}`)
		return got
	}
}

// slackHook takes blocks.
func slackHook(w http.ResponseWriter, r *http.Request, body []byte) (got received) {
	var m struct {
		Text   string
		Blocks []struct {
			Type string
			Text *struct{ Type, Text string }
		}
	}
	err := json.Unmarshal(body, &m)
	got = received{title: m.Text, text: string(body)}
	if err != nil || m.Text == "" || len(m.Blocks) == 0 || len(m.Blocks) > 50 || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		got.wrong = "invalid_payload"
		w.WriteHeader(http.StatusBadRequest)
	}
	answer(w, got.wrong, "ok")
	return got
}

func answer(w io.Writer, wrong, right string) {
	if wrong == "" {
		wrong = right
	}
	_, _ = io.WriteString(w, wrong)
}
