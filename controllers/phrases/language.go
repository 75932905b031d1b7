// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package phrases

import "golang.org/x/text/language"

// Language is one of the languages of all catalogs.
type Language int

// The languages. English is the default.
const (
	English Language = iota
	Chinese
	languages
)

// Languages returns all languages.
func Languages() []Language { return []Language{English, Chinese} }

// tags are the languages in the order of the constants. The first is the default of the matcher.
var (
	tags    = []language.Tag{English: language.English, Chinese: language.SimplifiedChinese}
	matcher = language.NewMatcher(tags)
)

// Tag returns the BCP 47 tag of the language, for the header Content-Language.
func (l Language) Tag() string { return tags[l].String() }

// maxAccepted is the length of a header Accept-Language that is read, in bytes. Those of browsers have some fifty.
const maxAccepted = 256

// Accepted returns the language that a header Accept-Language prefers (RFC 9110, section 12.5.4). Without the header, or
// if it is not valid, it is English.
func Accepted(header string) Language {
	if header == "" || len(header) > maxAccepted {
		return English
	}
	wanted, weights, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return English
	}
	for i := range wanted { // a weight of 0 means that the language is not accepted
		if weights[i] == 0 {
			wanted = wanted[:i] // they are sorted by weight
			break
		}
	}
	_, index, _ := matcher.Match(wanted...)
	return Language(index)
}
