package runs

import (
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/logs/parse"
)

// MaxReason of a cancel, in characters, as the CRD has it.
const MaxReason = 1024

// checkReason of a cancel: it is for people, and stands in the status and in Events. There it is one line, and has no marks
// that turn the direction of text around, so that it cannot look like something that somebody else wrote.
func checkReason(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	switch {
	case !utf8.ValidString(reason):
		return "", web.Problemf(http.StatusBadRequest, `the "reason" is not valid UTF-8`)
	case utf8.RuneCountInString(reason) > MaxReason:
		return "", web.Problemf(http.StatusBadRequest, `the "reason" has %d characters, and %d is the most`, utf8.RuneCountInString(reason), MaxReason)
	case strings.ContainsFunc(reason, func(c rune) bool { return unicode.IsControl(c) && c != '\n' && c != '\t' }):
		return "", web.Problemf(http.StatusBadRequest, `the "reason" has control characters in it; send plain text`)
	}
	return parse.OneLine(reason), nil
}

// cancelAllQuery is what a cancel of all was asked with.
type cancelAllQuery struct {
	dryRun bool
	// reason of the query, and whether it has one.
	reason    string
	hasReason bool
}

var cancelAllParameters = web.Parameters[cancelAllQuery]{
	"dryRun": func(q *cancelAllQuery, value string) string { return web.Boolean(&q.dryRun, value) },
	"reason": func(q *cancelAllQuery, value string) string {
		q.reason, q.hasReason = value, true
		return ""
	},
}

// cancelAllQueryOf reads the query and the body.
func cancelAllQueryOf(r *http.Request) (q cancelAllQuery, err error) {
	if err := cancelAllParameters.Read(r, &q); err != nil {
		return q, err
	}
	var body cancelAllRequest
	if err := web.Decode(r, &body); err != nil {
		return q, err
	}
	if q.hasReason && body.Reason != "" {
		return q, web.Problemf(http.StatusBadRequest, `the "reason" stands in the query and in the body; send it once`)
	}
	q.reason, err = checkReason(q.reason + body.Reason)
	return q, err
}

// maxNames in one bulk request.
const maxNames = 1000

// checkNames judges the list of a bulk request and gives it without repetitions, in its order.
func checkNames(field string, names []string) ([]string, error) {
	switch {
	case len(names) == 0:
		return nil, web.Problemf(http.StatusBadRequest, "the field %q must be a list of at least one string", field)
	case len(names) > maxNames:
		return nil, web.Problemf(http.StatusBadRequest, "the field %q has %d entries, and %d is the most for one request", field, len(names), maxNames)
	}
	seen := make(map[string]bool, len(names))
	unique := make([]string, 0, len(names))
	for i, name := range names {
		if name == "" {
			return nil, web.Problemf(http.StatusBadRequest, "the field %q has an empty string or null at index %d", field, i)
		}
		if !seen[name] {
			seen[name] = true
			unique = append(unique, name)
		}
	}
	return unique, nil
}
