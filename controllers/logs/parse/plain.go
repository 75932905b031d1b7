package parse

import (
	"regexp"
	"strings"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// plainHead is how a line says its level plainly: at its start, after at most a few stamps, as a word of its
// own that is bracketed, followed by a colon, or in capitals. "0 errors found" says nothing of the kind.
var plainHead = regexp.MustCompile(`^(?:[\[(]?\d[\d:.,/TZ+-]*[\])]?\s+){0,3}` +
	`(?:[\[(<]\s*([A-Za-z]{3,13})\s*[\])>]|([A-Za-z]{3,13}):|([A-Z]{3,13})\b(?:\s|$))`)

// maxHead is how far into a line its level is looked for, in bytes.
const maxHead = 96

// plainLine takes any line for a message.
func plainLine(line []byte) (parsed, bool) {
	p := parsed{level: v1alpha1.LogInfo, message: string(line)}
	head := sanitize(string(line[:min(len(line), maxHead)]))
	if strings.HasPrefix(head, "Traceback (most recent call last)") {
		p.level = v1alpha1.LogError
		return p, true
	}
	match := plainHead.FindStringSubmatch(head)
	for i := 1; i < len(match); i++ {
		if level, ok := levels[strings.ToLower(match[i])]; ok {
			p.level = level
		}
	}
	return p, true
}
