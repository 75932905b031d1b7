// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package send

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/taskexec/taskexec/controllers/notify/message"
)

// The format is that of DingTalk's custom robots (https://open.dingtalk.com/document/robots/custom-robot-access): a
// markdown message with title and text, at most 20,000 bytes. With signatures, timestamp is in milliseconds and within an
// hour, and sign is Base64(HMAC-SHA256(key: secret, text: timestamp + "\n" + secret)); both are added to the query. A
// robot takes 20 messages a minute, and none for 10 minutes if there were more.

// maxDingTalk bounds the text, in bytes: the limit less the frame of JSON.
const maxDingTalk = 15000

// dingtalkBusy are -1 (the system is busy), 130101 (too fast), 410100 (too fast) and 660026 (too fast).
var dingtalkBusy = map[int]time.Duration{-1: 0, 130101: 10 * time.Minute, 410100: 10 * time.Minute, 660026: 10 * time.Minute}

type markdownMessage struct {
	Type     string `json:"msgtype"`
	Markdown struct {
		Title   string `json:"title,omitempty"`
		Text    string `json:"text,omitempty"`
		Content string `json:"content,omitempty"`
	} `json:"markdown"`
}

func dingtalkRequest(t Target, m message.Message, now time.Time) (Request, error) {
	address, err := url.Parse(t.URL)
	if err != nil {
		return Request{}, fmt.Errorf("the address is not a URL") // the error itself quotes the address
	}
	if t.Secret != "" {
		stamp := strconv.FormatInt(now.UnixMilli(), 10)
		query := address.Query()
		query.Set("timestamp", stamp)
		query.Set("sign", sum([]byte(t.Secret), stamp+"\n"+t.Secret))
		address.RawQuery = query.Encode()
	}
	body := markdownMessage{Type: "markdown"}
	body.Markdown.Title = m.Title
	body.Markdown.Text = markdown(m, "\n\n", maxDingTalk)
	return jsonRequest(address.String(), body)
}

func judgeDingTalk(body []byte) Verdict {
	answer, ok := errcodeOf(body)
	return judgeCode("DingTalk", answer, ok, body, dingtalkBusy)
}
