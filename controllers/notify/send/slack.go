// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package send

import (
	"fmt"
	"strings"
	"time"

	"github.com/taskexec/taskexec/controllers/logs/parse"
	"github.com/taskexec/taskexec/controllers/notify/message"
)

// The format is that of Slack's incoming webhooks (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks)
// with Block Kit: a header has at most 150 characters of plain text, a section 3,000, a button's address 3,000. "&", "<"
// and ">" are escaped (https://docs.slack.dev/messaging/formatting-message-text), so that no text of a run is a mention or
// a link. A delivered message is answered "ok"; errors have a status and a word, such as 404 no_service.

const (
	maxSlackHeader  = 150
	maxSlackSection = 3000
)

type slackMessage struct {
	// Text is shown in notifications, and by clients that cannot show blocks.
	Text   string       `json:"text"`
	Blocks []slackBlock `json:"blocks"`
}

// slackBlock is a header or a section with Text, actions with Elements, or a context with Elements.
type slackBlock struct {
	Type     string     `json:"type"`
	Text     *slackText `json:"text,omitempty"`
	Elements []any      `json:"elements,omitempty"`
}

type slackText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type slackButton struct {
	Type string    `json:"type"`
	Text slackText `json:"text"`
	URL  string    `json:"url"`
}

func slackRequest(t Target, m message.Message, _ time.Time) (Request, error) {
	body := slackMessage{Text: slackEscape(m.Title)}
	add := func(kind, textType, text string) {
		if text != "" {
			body.Blocks = append(body.Blocks, slackBlock{Type: kind, Text: &slackText{textType, text}})
		}
	}
	add("header", "plain_text", firstRunes(m.Title, maxSlackHeader))
	add("section", "mrkdwn", firstRunes(slackEscape(joined(m.Sentence, m.More, m.Note)), maxSlackSection))
	add("section", "mrkdwn", firstRunes(fieldLines(m, slackEscape), maxSlackSection))
	add("section", "mrkdwn", fenced(m, slackEscape, maxSlackSection))
	if m.Facts.Link != "" {
		button := slackButton{"button", slackText{"plain_text", m.LinkText}, m.Facts.Link}
		body.Blocks = append(body.Blocks, slackBlock{Type: "actions", Elements: []any{button}})
	}
	body.Blocks = append(body.Blocks, slackBlock{Type: "context", Elements: []any{slackText{"plain_text", m.ID}}})
	return jsonRequest(t.URL, body)
}

var slackEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "```", "｀｀｀")

func slackEscape(text string) string { return slackEscapes.Replace(text) }

func judgeSlack(body []byte) Verdict {
	if answer := strings.TrimSpace(string(body)); answer != "ok" {
		return Verdict{Outcome: Refused, Reason: fmt.Sprintf("the answer is not one of Slack: %s", parse.Harmless(answer, maxQuoted))}
	}
	return Verdict{Outcome: Delivered}
}
