// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"regexp"
	"strconv"
	"strings"
)

// klogHeader matches Lmmdd hh:mm:ss.uuuuuu threadid file:line] (k8s.io/klog/v2). C++'s glog also writes the year.
var klogHeader = regexp.MustCompile(`^[IWEF](?:\d{4})?\d{4} \d{2}:\d{2}:\d{2}\.\d{6}\s+\d+ ([^\s:\]]+:\d+)\] ?`)

// klogLine parses a line of klog, plain or structured ("message" key="value").
func klogLine(line string) (parsed, bool) {
	if len(line) < 2 || line[1] < '0' || line[1] > '9' {
		return parsed{}, false // nearly all lines that are not klog's
	}
	header := klogHeader.FindStringSubmatch(line)
	if header == nil {
		return parsed{}, false
	}
	level := letters[strings.ToLower(line[:1])]
	message, fields := klogMessage(line[len(header[0]):])
	fields["caller"] = header[1]
	return parsed{level: level, message: message, fields: fields}, true
}

// klogMessage splits a structured message into message and fields. If its values are not plain pairs (klog writes some
// objects over many lines), the whole text is the message.
func klogMessage(text string) (message string, fields map[string]any) {
	quoted, err := strconv.QuotedPrefix(text)
	if err != nil || quoted[0] != '"' {
		return text, map[string]any{}
	}
	message, err = strconv.Unquote(quoted)
	if err != nil {
		return text, map[string]any{}
	}
	rest := text[len(quoted):]
	if strings.TrimSpace(rest) == "" {
		return message, map[string]any{}
	}
	fields, ok := pairs(rest)
	if !ok || rest[0] != ' ' {
		return text, map[string]any{}
	}
	return message, fields
}
