// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package send

import (
	"time"

	"github.com/taskexec/taskexec/controllers/notify/message"
)

// The format is that of WeCom's group robots (https://developer.work.weixin.qq.com/document/path/91770): a markdown
// message of at most 4,096 bytes of UTF-8, 20 a minute. There are no signatures: the address has the key.

// maxWeCom is in bytes.
const maxWeCom = 4096

// wecomBusy are -1 (the system is busy) and 45009 (too many messages).
var wecomBusy = map[int]time.Duration{-1: 0, 45009: time.Minute}

func wecomRequest(t Target, m message.Message, _ time.Time) (Request, error) {
	body := markdownMessage{Type: "markdown"}
	body.Markdown.Content = markdown(m, "\n", maxWeCom)
	return jsonRequest(t.URL, body)
}

func judgeWeCom(body []byte) Verdict {
	answer, ok := errcodeOf(body)
	return judgeCode("WeCom", answer, ok, body, wecomBusy)
}
