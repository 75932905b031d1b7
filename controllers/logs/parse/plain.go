package parse

import (
	"strings"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// maxHead is how far into a line its level is looked for, in bytes.
const maxHead = 128

// plainLine takes any line for a message.
func plainLine(line string) (parsed, bool) {
	return parsed{level: plainLevel(line), message: line}, true
}

// plainLevel is the level that a line states as a logger or a runtime would, info otherwise: at its start,
// after stamps, as a word that is bracketed, followed by a colon, or in capitals. "0 errors found" says
// nothing of the kind.
func plainLevel(line string) v1alpha1.LogLevel {
	head := strings.TrimLeft(line[:min(len(line), maxHead)], " \t")
	if crashed(head) {
		return v1alpha1.LogError
	}
	head = afterStamps(head)
	for _, form := range []func(string) string{bracketed, leading, afterThread, afterLogger} {
		if level, ok := levels[strings.ToLower(form(head))]; ok {
			return level
		}
	}
	return v1alpha1.LogInfo
}

// crashed knows the first words of runtimes on their way out: Python, the JVM, Rust, Go, PHP.
func crashed(head string) bool {
	return strings.HasPrefix(head, "Traceback (most recent call last)") ||
		strings.HasPrefix(head, `Exception in thread "`) ||
		strings.HasPrefix(head, "thread '") && strings.Contains(head, " panicked at ") ||
		strings.HasPrefix(head, "fatal error:") || strings.HasPrefix(head, "PHP Fatal error:")
}

// bracketed is the word of [WARN] x and [INFO ] x.
func bracketed(head string) string {
	inner, _, ok := cutBrackets(head)
	if !ok {
		return ""
	}
	return strings.TrimSpace(inner)
}

// leading is the word of "error: x", "error[E0308]: x" (compilers), "ERROR x" and "INFO[0000] x" (logrus).
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

// afterThread is the word of "[main] ERROR c.e.App - x", as logback writes it.
func afterThread(head string) string {
	thread, rest, ok := cutBrackets(head)
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

// afterLogger is the word of "app.db - ERROR - x", the form in Python's documentation.
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

// cutBrackets takes the brackets at the start of a text off.
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

// letterRun is the ASCII letters at the start of s.
func letterRun(s string) string {
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return s[:i]
		}
	}
	return s
}

func isCapitals(word string) bool { return word == strings.ToUpper(word) }

func endsWord(rest string) bool { return rest == "" || rest[0] == ' ' || rest[0] == '\t' }
