// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package send

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/taskexec/taskexec/controllers/notify/message"
)

// escape makes a text of a run harmless in a vendor's markup. It leaves no "```".
type escape func(text string) string

// plainly is the escape of texts without markup.
func plainly(text string) string { return text }

// unlinked is the escape of the markdown of DingTalk and WeCom, which has no escapes of its own. Brackets, backquotes
// and exclamation marks become their full-width forms, so that no text of a run is a link, an image, a mention or HTML,
// or ends a code block. Stars and underscores stay: they can only make a text bold.
func unlinked(text string) string { return unlinkedForms.Replace(text) }

var unlinkedForms = strings.NewReplacer("[", "［", "]", "］", "<", "＜", ">", "＞", "`", "｀", "!", "！")

// joined puts texts into lines, without the empty ones.
func joined(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(t string) bool { return t == "" }), "\n")
}

// fieldLines writes the fields, one a line.
func fieldLines(m message.Message, e escape) string {
	lines := make([]string, len(m.Fields))
	for i, f := range m.Fields {
		lines[i] = e(f.Name + ": " + f.Value)
	}
	return strings.Join(lines, "\n")
}

// logLines writes the log under its heading. It is empty without a log.
func logLines(m message.Message, e escape) string {
	if len(m.Facts.Log) == 0 {
		return ""
	}
	return e(m.LogTitle) + ":\n" + e(strings.Join(m.Facts.Log, "\n"))
}

// fenced writes the log as a code block of at most limit bytes, with the newest lines that fit. It is empty if not even
// one does, or without a log.
func fenced(m message.Message, e escape, limit int) string {
	for first := range m.Facts.Log {
		lines := e(strings.Join(m.Facts.Log[first:], "\n"))
		if block := e(m.LogTitle) + ":\n```\n" + lines + "\n```"; len(block) <= limit {
			return block
		}
	}
	return ""
}

// markdown writes a message of at most limit bytes for DingTalk and WeCom. separator is between two lines: DingTalk needs
// an empty line to show a break. The log gets what the rest leaves, and the link is never cut.
func markdown(m message.Message, separator string, limit int) string {
	head := []string{"### " + unlinked(m.Title)}
	for _, text := range []string{m.Sentence, m.More, m.Note} {
		if text != "" {
			head = append(head, unlinked(text))
		}
	}
	for _, f := range m.Fields {
		head = append(head, "> "+unlinked(f.Name+": "+f.Value))
	}
	var end []string
	if m.Facts.Link != "" {
		end = append(end, "["+unlinked(m.LinkText)+"]("+m.Facts.Link+")")
	}
	end = append(end, m.ID)
	tail := separator + strings.Join(end, separator)
	text := firstBytes(strings.Join(head, separator), limit-len(tail))
	if log := fenced(m, unlinked, limit-len(text)-len(tail)-len(separator)); log != "" {
		text += separator + log
	}
	return text + tail
}

// firstBytes returns the beginning of a text, at most n bytes and cut between two characters.
func firstBytes(text string, n int) string {
	if len(text) <= n {
		return text
	}
	const ellipsis = "…"
	n = max(0, n-len(ellipsis))
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + ellipsis
}

// firstRunes returns the beginning of a text, at most n characters.
func firstRunes(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}
