// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package bucket

import (
	"regexp"

	"github.com/taskexec/taskexec/controllers/logs/parse"
)

// maxFailure bounds the text of an error that users see, in bytes.
const maxFailure = 500

// secrets matches parts of a URL that may be secret: an SAS token, a signature, an upload ID, a password.
var secrets = regexp.MustCompile(`(://)(?:[^\s/?@"]*@)?([^\s?"]*)(?:\?[^\s"]*)?`)

// redacted is an error of the bucket for users: one line of bounded length without the secrets of URLs.
type redacted struct {
	text string
	err  error
}

// Redact returns err as a redacted error, nil for nil.
func Redact(err error) error {
	if err == nil {
		return nil
	}
	text := secrets.ReplaceAllString(err.Error(), "$1$2")
	return &redacted{parse.Harmless(text, maxFailure), err}
}

func (r *redacted) Error() string { return r.text }

func (r *redacted) Unwrap() error { return r.err }
