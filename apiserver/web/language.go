// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"

	"github.com/taskexec/taskexec/controllers/phrases"
)

// Speak returns the language in which a request is answered, by its header Accept-Language, and says so in the answer.
func Speak(w http.ResponseWriter, r *http.Request) phrases.Language {
	language := phrases.Accepted(r.Header.Get("Accept-Language"))
	w.Header().Set("Content-Language", language.Tag())
	w.Header().Set("Vary", "Accept-Language")
	return language
}
