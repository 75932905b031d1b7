// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package send

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/taskexec/taskexec/controllers/logs/parse"
)

// Outcome is what became of one attempt.
type Outcome string

// The outcomes.
const (
	// Delivered: the receiver took the message.
	Delivered Outcome = "Delivered"
	// Retry: it did not, and may take it later.
	Retry Outcome = "Retry"
	// Refused: it never will, until the target or the message changes.
	Refused Outcome = "Refused"
)

// Verdict is the judgement of one attempt.
type Verdict struct {
	Outcome Outcome
	// Reason says for people why it was not delivered, in one line of at most maxReason bytes.
	Reason string
	// After is how long the receiver wants not to be asked, at most maxAfter. Zero means that it did not say.
	After time.Duration
}

const (
	// maxReason is in bytes.
	maxReason = 300
	// maxQuoted bounds what a Reason quotes of an answer, in bytes.
	maxQuoted = 200
	// maxAfter bounds Retry-After, so that a receiver cannot stop a target for ever.
	maxAfter = time.Hour
)

// Answer is what a receiver answered.
type Answer struct {
	Status int
	// RetryAfter is the header.
	RetryAfter string
	// Body is the beginning of the body.
	Body []byte
}

// Judge judges the answer to a request of New.
func Judge(t Type, a Answer, now time.Time) Verdict {
	verdict := judgeStatus(a)
	if v, ok := vendors[t]; ok && a.Status >= 200 && a.Status < 300 {
		verdict = v.judge(a.Body)
	}
	if verdict.Outcome == Retry && verdict.After == 0 {
		verdict.After = retryAfter(a.RetryAfter, now)
	}
	verdict.Reason = parse.Harmless(verdict.Reason, maxReason)
	return verdict
}

// NeedsBody reports whether the body of an answer with this status says whether the message was delivered.
func NeedsBody(t Type, status int) bool { return t != Webhook && status >= 200 && status < 300 }

// judgeStatus judges an answer that is not 2xx. Redirects are not followed: the new address was chosen by somebody else
// than the owner of the target. 408, 421, 425, 429 and 5xx may pass by themselves (RFC 9110, RFC 8470, RFC 6585); other
// 4xx stay. 501 and 505 are about the request, and stay too.
func judgeStatus(a Answer) Verdict {
	reason := fmt.Sprintf("HTTP %d", a.Status)
	if quoted := parse.Harmless(string(a.Body), maxQuoted); quoted != "" {
		reason += ": " + quoted
	}
	switch {
	case a.Status >= 300 && a.Status < 400:
		return Verdict{Outcome: Refused, Reason: fmt.Sprintf("HTTP %d: redirects are not followed; set the address that it leads to", a.Status)}
	case a.Status == 408, a.Status == 421, a.Status == 425, a.Status == 429:
		return Verdict{Outcome: Retry, Reason: reason}
	case a.Status >= 500 && a.Status != 501 && a.Status != 505:
		return Verdict{Outcome: Retry, Reason: reason}
	default:
		return Verdict{Outcome: Refused, Reason: reason}
	}
}

// retryAfter reads the header: seconds or a date (RFC 9110, section 10.2.3). It is zero for anything else, and for a time
// that has passed.
func retryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return min(maxAfter, time.Duration(seconds)*time.Second)
	}
	for _, layout := range []string{time.RFC1123, time.RFC850, time.ANSIC} {
		if at, err := time.Parse(layout, header); err == nil {
			return min(maxAfter, max(0, at.Sub(now)))
		}
	}
	return 0
}

// coded is the answer of vendors that report errors within a status of 200.
type coded struct {
	code    int
	message string
}

// judgeCode judges such an answer. busy are the codes that pass by themselves, each with how long to wait, if the vendor
// says so. An answer that cannot be read is not taken for delivered, because a login page or a proxy answers 200 too.
func judgeCode(vendor string, answer coded, ok bool, body []byte, busy map[int]time.Duration) Verdict {
	if !ok {
		return Verdict{Outcome: Refused, Reason: fmt.Sprintf("the answer is not one of %s: %s", vendor, parse.Harmless(string(body), maxQuoted))}
	}
	if answer.code == 0 {
		return Verdict{Outcome: Delivered}
	}
	reason := fmt.Sprintf("%s answered %d: %s", vendor, answer.code, parse.Harmless(answer.message, maxQuoted))
	if after, passes := busy[answer.code]; passes {
		return Verdict{Outcome: Retry, Reason: reason, After: after}
	}
	return Verdict{Outcome: Refused, Reason: reason}
}

// errcodeOf reads the answer of DingTalk and WeCom: {"errcode":0,"errmsg":"ok"}.
func errcodeOf(body []byte) (answer coded, ok bool) {
	var read struct {
		Code    *int   `json:"errcode"`
		Message string `json:"errmsg"`
	}
	if json.Unmarshal(body, &read) != nil || read.Code == nil {
		return coded{}, false
	}
	return coded{*read.Code, read.Message}, true
}
