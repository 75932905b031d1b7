// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/logs/parse"
)

// MaxReason is the CRD's limit for the reason of a cancel, in characters.
const MaxReason = 1024

// checkReason checks and cleans the reason of a cancel. People read it in the status and in Events. It must be one line
// without characters that change the text's direction, so that it cannot imitate other text.
func checkReason(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	switch {
	case !utf8.ValidString(reason):
		return "", web.Problemf(http.StatusBadRequest, `the "reason" is not valid UTF-8`)
	case utf8.RuneCountInString(reason) > MaxReason:
		return "", web.Problemf(http.StatusBadRequest, `the "reason" has %d characters, more than %d`, utf8.RuneCountInString(reason), MaxReason)
	case strings.ContainsFunc(reason, func(c rune) bool { return unicode.IsControl(c) && c != '\n' && c != '\t' }):
		return "", web.Problemf(http.StatusBadRequest, `the "reason" has control characters; send plain text`)
	}
	return parse.OneLine(reason), nil
}

// cancelAllQuery is the query and body of a cancel of all executions.
type cancelAllQuery struct {
	dryRun bool
	filter selection
	// reason is the reason in the query, and hasReason whether there is one.
	reason    string
	hasReason bool
}

var cancelAllParameters = web.Parameters[cancelAllQuery]{
	"dryRun": func(q *cancelAllQuery, value string) string { return web.Boolean(&q.dryRun, value) },
	"label":  func(q *cancelAllQuery, value string) string { return q.filter.label(value) },
	"param":  func(q *cancelAllQuery, value string) string { return q.filter.param(value) },
	"reason": func(q *cancelAllQuery, value string) string {
		q.reason, q.hasReason = value, true
		return ""
	},
}

// cancelAllQueryOf reads the query and the body.
func cancelAllQueryOf(r *http.Request) (q cancelAllQuery, err error) {
	if err := cancelAllParameters.ReadRepeated(r, &q, maxSelectors, "label", "param"); err != nil {
		return q, err
	}
	var body cancelAllRequest
	if err := web.Decode(r, &body); err != nil {
		return q, err
	}
	if q.hasReason && body.Reason != "" {
		return q, web.Problemf(http.StatusBadRequest, `the "reason" is in the query and in the body; send it once`)
	}
	q.reason, err = checkReason(q.reason + body.Reason)
	return q, err
}

// maxNames is the maximum number of names in a bulk request.
const maxNames = 1000

// checkNames checks the list of a bulk request and returns it without duplicates, in the same order.
func checkNames(field string, names []string) ([]string, error) {
	switch {
	case len(names) == 0:
		return nil, web.Problemf(http.StatusBadRequest, "the field %q must be a list of at least one string", field)
	case len(names) > maxNames:
		return nil, web.Problemf(http.StatusBadRequest, "the field %q has %d entries, more than %d", field, len(names), maxNames)
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
