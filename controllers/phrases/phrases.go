// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package phrases puts what programs say into the language of the reader. Code that decides returns a Text, which is a
// phrase with its arguments. The text gets its words last, when the reader is known.
//
// Each package that speaks has one Catalog, with each phrase in all languages. An argument can be a Text itself: a
// clause such as " on node %q" is a phrase too, and each language puts it where it belongs. A test of each catalog fails
// if a language lacks a phrase, or has other arguments for it (package phrasestest).
package phrases

import (
	"fmt"
	"strings"
)

// Catalog is a list of phrases. Phrases are added when a package is initialized, and not later.
type Catalog struct{ phrases []*Phrase }

// Phrase is a format string of package fmt in each language. A language that needs the arguments in another order uses
// explicit indexes, such as %[2]s.
type Phrase struct{ in [languages]string }

// Add adds a phrase.
func (c *Catalog) Add(english, chinese string) *Phrase {
	p := &Phrase{[languages]string{English: english, Chinese: chinese}}
	c.phrases = append(c.phrases, p)
	return p
}

// All returns the phrases of the catalog.
func (c *Catalog) All() []*Phrase { return c.phrases }

// Format returns the format string of a language.
func (p *Phrase) Format(l Language) string { return p.in[l] }

// With returns the phrase with its arguments. An argument that is a Text is put into the same language.
func (p *Phrase) With(args ...any) Text { return Text{phrase: p, args: args} }

// Text is something to say. The zero Text says nothing. It is immutable.
type Text struct {
	phrase *Phrase
	args   []any
	// verbatim is the text, if there is no phrase.
	verbatim string
}

// Verbatim returns a Text that is the same in all languages: a quotation, such as a message of Kubernetes, or a name.
func Verbatim(text string) Text { return Text{verbatim: text} }

// Join returns the texts with a separator between them. It leaves out those that say nothing.
func Join(separator *Phrase, texts ...Text) Text {
	joined := Text{}
	for _, t := range texts {
		switch {
		case t.IsZero():
		case joined.IsZero():
			joined = t
		default:
			joined = pair.With(joined, separator.With(), t)
		}
	}
	return joined
}

// pair says one thing after another.
var pair = &Phrase{[languages]string{English: "%s%s%s", Chinese: "%s%s%s"}}

// IsZero reports whether there is nothing to say.
func (t Text) IsZero() bool { return t.phrase == nil && t.verbatim == "" }

// In returns the text in a language.
func (t Text) In(l Language) string {
	if t.phrase == nil {
		return t.verbatim
	}
	args := make([]any, len(t.args))
	for i, arg := range t.args {
		if inner, is := arg.(Text); is {
			arg = inner.In(l)
		}
		args[i] = arg
	}
	return fmt.Sprintf(t.phrase.in[l], args...)
}

// String returns the text in English, for logs.
func (t Text) String() string { return t.In(English) }

// Clause returns a quotation as the end of a sentence: trimmed, and without a full stop.
func Clause(quoted string) Text {
	return Verbatim(strings.TrimRight(strings.TrimSpace(quoted), ".。"))
}
