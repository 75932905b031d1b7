// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"

	"github.com/taskexec/taskexec/controllers/phrases"
)

// Catalog has what this package says in all languages. Its other answers are in English.
var Catalog = &phrases.Catalog{}

var sayParams = Catalog.Add("the params do not match the task's schema: %s", "参数不符合任务的 Schema：%s")

// Speak returns the language in which a request is answered, by its header Accept-Language, and says so in the answer.
func Speak(w http.ResponseWriter, r *http.Request) phrases.Language {
	language := phrases.Accepted(r.Header.Get("Accept-Language"))
	w.Header().Set("Content-Language", language.Tag())
	w.Header().Set("Vary", "Accept-Language")
	return language
}
