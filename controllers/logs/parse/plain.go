// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"strings"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// maxHead is how many bytes of a line are searched for its level.
const maxHead = 128

// plainLine accepts any line as a message.
func plainLine(line string) (parsed, bool) {
	return parsed{level: plainLevel(line), message: line}, true
}

// plainLevel returns the level that a line states like a logger or a runtime, otherwise info. The level is a word at
// the start or after stamps, in brackets, before a colon, or in capitals. "0 errors found" states no level.
func plainLevel(line string) v1alpha1.LogLevel {
	head := strings.TrimLeft(line[:min(len(line), maxHead)], " \t")
	if level, ok := priority(head); ok {
		return level
	}
	if level, ok := opening(head); ok {
		return level
	}
	if stripped := afterStamps(head); stripped != head {
		head = stripped
		if level, ok := opening(head); ok {
			return level
		}
	}
	for _, form := range forms {
		word := form(head)
		if level, ok := levels[strings.ToLower(word)]; ok {
			return level
		}
		if level, ok := capitalLevels[word]; ok {
			return level
		}
	}
	if level, ok := exception(head); ok {
		return level
	}
	return v1alpha1.LogInfo
}

// forms are the ways in which loggers state a level. Each returns the word in the place of the level.
var forms = []func(head string) (word string){
	bracketed, leading, afterThread, afterNumber, afterLogger, afterChannel, afterProgram, letter,
}

// capitalLevels are those of java.util.logging. In small letters they are ordinary words.
var capitalLevels = map[string]v1alpha1.LogLevel{
	"CONFIG": v1alpha1.LogDebug, "FINE": v1alpha1.LogDebug, "FINER": v1alpha1.LogDebug, "FINEST": v1alpha1.LogDebug,
}

// bracketed returns the word of [WARN] x, [INFO ] x and [core:error] x (Apache).
func bracketed(head string) string {
	inner, _, ok := cutBrackets(head)
	if !ok {
		return ""
	}
	inner = strings.TrimSpace(inner)
	if module, word, ok := strings.Cut(inner, ":"); ok && !strings.ContainsAny(module, " \t") {
		return word
	}
	return inner
}

// leading returns the word of "error: x", "error[E0308]: x" (compilers), "ERROR x", "INFO[0000] x" (logrus), and, when
// only the end of a bracket is left, "ERR] x" (Serilog) and "ERROR/MainProcess] x" (Celery).
func leading(head string) string {
	word := letterRun(head)
	rest := head[len(word):]
	if _, after, ok := cutBrackets(rest); ok && !strings.HasPrefix(rest, "(") {
		rest = after
	}
	if strings.HasPrefix(rest, ":") || isCapitals(word) && endsWord(rest) {
		return word
	}
	return ""
}

// afterThread returns the word of "[main] ERROR c.e.App - x" (logback) and of "{app.py:7} ERROR - x" (Airflow).
func afterThread(head string) string {
	thread, rest, ok := cutBrackets(head)
	if !ok && strings.HasPrefix(head, "{") {
		thread, rest, ok = strings.Cut(head[1:], "}")
	}
	if !ok || thread == "" || !strings.HasPrefix(rest, " ") {
		return ""
	}
	rest = strings.TrimLeft(rest, " ")
	word := letterRun(rest)
	if isCapitals(word) && endsWord(rest[len(word):]) {
		return word
	}
	return ""
}

// afterNumber returns the word of "0 [ERROR] [MY-010119] x" (MySQL) and "17 [main] ERROR App - x" (log4j). Without
// brackets, a number is a count.
func afterNumber(head string) string {
	rest := strings.TrimLeft(head, "0123456789")
	if len(rest) == len(head) || !strings.HasPrefix(rest, " ") {
		return ""
	}
	rest = strings.TrimLeft(rest, " ")
	if word := bracketed(rest); levels[strings.ToLower(word)] != "" {
		return word
	}
	return afterThread(rest)
}

// afterLogger returns the word of "app.db - ERROR - x", the form in Python's documentation.
func afterLogger(head string) string {
	logger, rest, ok := strings.Cut(head, " - ")
	if !ok || strings.Contains(logger, " ") {
		return ""
	}
	word := letterRun(rest)
	if isCapitals(word) && strings.HasPrefix(rest[len(word):], " - ") {
		return word
	}
	return ""
}

// cutBrackets removes the brackets at the start of a text.
func cutBrackets(s string) (inner, rest string, ok bool) {
	switch {
	case strings.HasPrefix(s, "["):
		return strings.Cut(s[1:], "]")
	case strings.HasPrefix(s, "("):
		return strings.Cut(s[1:], ")")
	default:
		return "", s, false
	}
}

// letterRun returns the ASCII letters at the start of s.
func letterRun(s string) string {
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return s[:i]
		}
	}
	return s
}

func isCapitals(word string) bool { return word == strings.ToUpper(word) }

func endsWord(rest string) bool { return rest == "" || strings.IndexByte(" \t]/!|", rest[0]) >= 0 }
