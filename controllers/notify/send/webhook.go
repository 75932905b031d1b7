// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package send

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/taskexec/taskexec/controllers/notify/message"
)

// The headers and the signature are those of Standard Webhooks 1.0
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md): the signed content is
// "id.timestamp.body", the key is the Base64 after whsec_ with 24 to 64 bytes, and several signatures are separated by
// spaces, so that a secret can be exchanged without a gap. The body is a CloudEvent 1.0 in the structured JSON format
// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md).

const (
	secretPrefix         = "whsec_"
	minKeyLen, maxKeyLen = 24, 64
	// eventType is the prefix of the CloudEvent's type.
	eventType = "dev.taskexec.v1."
)

// cloudEvent is the body of a webhook.
type cloudEvent struct {
	SpecVersion     string        `json:"specversion"`
	ID              string        `json:"id"`
	Source          string        `json:"source"`
	Type            string        `json:"type"`
	Subject         string        `json:"subject,omitempty"`
	Time            string        `json:"time"`
	DataContentType string        `json:"datacontenttype"`
	Data            webhookedData `json:"data"`
}

type webhookedData struct {
	// Title is the title of the message, for receivers that only show it.
	Title string `json:"title"`
	message.Facts
}

func webhookRequest(t Target, m message.Message, now time.Time) (Request, error) {
	keys, err := webhookKeys(t.Secret)
	if err != nil {
		return Request{}, err
	}
	subject := m.Facts.Execution
	if subject == "" {
		subject = m.Facts.Schedule
	}
	body, err := json.Marshal(cloudEvent{
		SpecVersion: "1.0", ID: m.ID, Source: source(m.Facts), Type: eventType + string(m.Facts.Event), Subject: subject,
		Time: m.Facts.At.UTC().Format(time.RFC3339Nano), DataContentType: "application/json", Data: webhookedData{m.Title, m.Facts},
	})
	if err != nil {
		return Request{}, fmt.Errorf("encoding the message: %w", err)
	}
	stamp := strconv.FormatInt(now.Unix(), 10)
	signatures := make([]string, len(keys))
	for i, key := range keys {
		signatures[i] = "v1," + sum(key, m.ID+"."+stamp+"."+string(body))
	}
	return Request{URL: t.URL, Body: body, Header: map[string]string{
		"Content-Type":      "application/cloudevents+json; charset=utf-8",
		"webhook-id":        m.ID,
		"webhook-timestamp": stamp,
		"webhook-signature": strings.Join(signatures, " "),
	}}, nil
}

// source is a URI reference that is unique for each Task. Together with the id it identifies the event.
func source(f message.Facts) string {
	s := "/namespaces/" + url.PathEscape(f.Namespace) + "/tasks/" + url.PathEscape(f.Task)
	if f.Cluster != "" {
		return "/clusters/" + url.PathEscape(f.Cluster) + s
	}
	return s
}

// webhookKeys returns the keys of a secret: one, or several that are separated by spaces or lines.
func webhookKeys(secret string) (keys [][]byte, err error) {
	for _, one := range strings.Fields(secret) {
		encoded, found := strings.CutPrefix(one, secretPrefix)
		key, err := base64.StdEncoding.DecodeString(encoded)
		if !found || err != nil || len(key) < minKeyLen || len(key) > maxKeyLen {
			return nil, fmt.Errorf("the key secret of the Secret must be %s followed by %d to %d random bytes in Base64, as Standard Webhooks has it", secretPrefix, minKeyLen, maxKeyLen)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("the Secret has no key secret, with which a webhook is signed (whsec_…)")
	}
	return keys, nil
}

// sum is the HMAC-SHA256 of a text in Base64.
func sum(key []byte, text string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// judgeWebhook takes each 2xx for delivered, as Standard Webhooks says.
func judgeWebhook([]byte) Verdict { return Verdict{Outcome: Delivered} }
