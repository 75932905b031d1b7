// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package send

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/taskexec/taskexec/controllers/notify/message"
)

// The format is that of Feishu's custom bots (https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot): a POST
// with msg_type, at most 20 KB, 100 a minute and 5 a second. With the signature check, timestamp is in seconds and within
// an hour, and sign is Base64(HMAC-SHA256(key: timestamp + "\n" + secret, text: "")). The answer is 200 with a code;
// older bots answer StatusCode.
//
// All texts of the card are plain_text. In lark_md, a text of a run could mention everybody (<at id=all></at>) or hide
// an address behind another text.

// feishuBusy are the codes for too many requests.
var feishuBusy = map[int]time.Duration{11232: time.Minute, 99991400: time.Minute}

type feishuMessage struct {
	Timestamp string     `json:"timestamp,omitempty"`
	Sign      string     `json:"sign,omitempty"`
	Type      string     `json:"msg_type"`
	Card      feishuCard `json:"card"`
}

type feishuCard struct {
	Config struct {
		Wide bool `json:"wide_screen_mode"`
	} `json:"config"`
	Header struct {
		Title    feishuText `json:"title"`
		Template string     `json:"template"`
	} `json:"header"`
	Elements []feishuElement `json:"elements"`
}

type feishuText struct {
	Tag     string `json:"tag"`
	Content string `json:"content"`
}

// feishuElement is a div with Text, an action with Actions, an hr, or a note with Elements.
type feishuElement struct {
	Tag      string         `json:"tag"`
	Text     *feishuText    `json:"text,omitempty"`
	Actions  []feishuButton `json:"actions,omitempty"`
	Elements []feishuText   `json:"elements,omitempty"`
}

type feishuButton struct {
	Tag  string     `json:"tag"`
	Text feishuText `json:"text"`
	URL  string     `json:"url"`
	Type string     `json:"type"`
}

var feishuColors = map[message.Level]string{message.Good: "green", message.Warning: "orange", message.Bad: "red"}

func feishuRequest(t Target, m message.Message, now time.Time) (Request, error) {
	body := feishuMessage{Type: "interactive"}
	card := &body.Card
	card.Config.Wide = true
	card.Header.Title, card.Header.Template = plainText(m.Title), feishuColors[m.Level]
	for _, text := range []string{joined(m.Sentence, m.More, m.Note), fieldLines(m, plainly), logLines(m, plainly)} {
		if text != "" {
			content := plainText(text)
			card.Elements = append(card.Elements, feishuElement{Tag: "div", Text: &content})
		}
	}
	if m.Facts.Link != "" {
		button := feishuButton{Tag: "button", Text: plainText(m.LinkText), URL: m.Facts.Link, Type: "primary"}
		card.Elements = append(card.Elements, feishuElement{Tag: "action", Actions: []feishuButton{button}})
	}
	card.Elements = append(card.Elements, feishuElement{Tag: "note", Elements: []feishuText{plainText(m.ID)}})
	if t.Secret != "" {
		body.Timestamp = strconv.FormatInt(now.Unix(), 10)
		body.Sign = sum([]byte(body.Timestamp+"\n"+t.Secret), "")
	}
	return jsonRequest(t.URL, body)
}

func plainText(content string) feishuText { return feishuText{"plain_text", content} }

func judgeFeishu(body []byte) Verdict {
	var read struct {
		Code          *int   `json:"code"`
		Message       string `json:"msg"`
		StatusCode    *int   `json:"StatusCode"`
		StatusMessage string `json:"StatusMessage"`
	}
	ok := json.Unmarshal(body, &read) == nil
	var answer coded
	switch {
	case read.Code != nil:
		answer = coded{*read.Code, read.Message}
	case read.StatusCode != nil:
		answer = coded{*read.StatusCode, read.StatusMessage}
	default:
		ok = false
	}
	return judgeCode("Feishu", answer, ok, body, feishuBusy)
}
