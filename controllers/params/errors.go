// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/taskexec/taskexec/controllers/phrases"
)

const (
	// maxProblems is how many problems are reported at once.
	maxProblems = 100
	// maxForms is how many forms of an anyOf or oneOf are named if a value matches none.
	maxForms = 5
)

// FieldError is one problem of params.
type FieldError struct {
	// Pointer is a JSON pointer to the value (RFC 6901). It is empty for the whole.
	Pointer string
	// Message is for people, in English, and has at most 300 runes. It continues a sentence that begins with the field:
	// "must be an integer".
	Message string
	// Text is the message in all languages. If it says nothing, there is only the Message.
	Text phrases.Text
}

// wrong returns a problem at a place.
func wrong(pointer string, text phrases.Text) FieldError {
	return FieldError{pointer, clip(text.In(phrases.English)), text}
}

// In returns the message in a language.
func (e FieldError) In(l phrases.Language) string {
	if e.Text.IsZero() {
		return e.Message
	}
	return clip(e.Text.In(l))
}

// text returns the problem and its place.
func (e FieldError) text() phrases.Text {
	text := e.Text
	if text.IsZero() {
		text = phrases.Verbatim(e.Message)
	}
	if e.Pointer == "" {
		return text
	}
	return sayAt.With(e.Pointer, text)
}

// FieldErrors are all problems, sorted by pointer and message.
type FieldErrors []FieldError

// Error names all of them in one line.
func (e FieldErrors) Error() string {
	parts := make([]string, len(e))
	for i, f := range e {
		parts[i] = f.Message
		if f.Pointer != "" {
			parts[i] = f.Pointer + ": " + f.Message
		}
	}
	return strings.Join(parts, "; ")
}

// Text names all of them in one line, in all languages.
func (e FieldErrors) Text() phrases.Text {
	parts := make([]phrases.Text, len(e))
	for i, f := range e {
		parts[i] = f.text()
	}
	return phrases.Join(sayAnd, parts...)
}

// problemsOf returns the problems that a failed validation found. It quotes no sensitive value.
func problemsOf(err error, sensitive map[string]string) FieldErrors {
	invalid := &jsonschema.ValidationError{}
	if !errors.As(err, &invalid) {
		return FieldErrors{{Message: clip(err.Error())}}
	}
	return bounded(leaves(invalid, sensitive))
}

// leaves returns one error for each field from a tree of errors. An inner error only says that one below it is wrong.
// If only one alternative below must match, leaves returns one error for all.
func leaves(e *jsonschema.ValidationError, sensitive map[string]string) FieldErrors {
	if at := e.InstanceLocation; len(at) > 0 && sensitive[at[0]] != "" {
		return FieldErrors{wrong(Pointer(at[:1]...), hidden.With())}
	}
	if len(e.Causes) == 0 {
		return leaf(e)
	}
	at := Pointer(e.InstanceLocation...)
	switch k := e.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf:
		return FieldErrors{wrong(at, noForm(e, sensitive))}
	case *kind.Contains:
		return FieldErrors{wrong(at, sayContains.With())}
	case *kind.PropertyNames:
		return FieldErrors{wrong(at+Pointer(k.Property), sayName.With())}
	}
	var found FieldErrors
	for _, cause := range e.Causes {
		found = append(found, leaves(cause, sensitive)...)
	}
	return found
}

// noForm says why a value matches none of the forms of an anyOf or oneOf.
func noForm(e *jsonschema.ValidationError, sensitive map[string]string) phrases.Text {
	at := Pointer(e.InstanceLocation...)
	var forms []phrases.Text
	for _, cause := range e.Causes {
		found := bounded(leaves(cause, sensitive))
		for i := range found {
			found[i].Pointer = strings.TrimPrefix(found[i].Pointer, at)
		}
		forms = append(forms, found.Text())
	}
	slices.SortFunc(forms, func(a, b phrases.Text) int { return strings.Compare(a.String(), b.String()) })
	forms = slices.CompactFunc(forms, func(a, b phrases.Text) bool { return a.String() == b.String() })
	if len(forms) == 1 {
		return forms[0]
	}
	if len(forms) > maxForms {
		forms = append(forms[:maxForms], phrases.Verbatim("…"))
	}
	return sayNoForm.With(phrases.Join(sayOrForm, forms...))
}

// leaf returns the errors of one failed keyword. A missing or unknown field has a pointer to the field, not to its
// object.
func leaf(e *jsonschema.ValidationError) FieldErrors {
	at := Pointer(e.InstanceLocation...)
	each := func(names []string, message phrases.Text) FieldErrors {
		out := make(FieldErrors, len(names))
		for i, name := range names {
			out[i] = wrong(at+Pointer(name), message)
		}
		return out
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		return each(k.Missing, sayRequired.With())
	case *kind.DependentRequired:
		return each(k.Missing, sayRequiredWith.With(k.Prop))
	case *kind.Dependency:
		return each(k.Missing, sayRequiredWith.With(k.Prop))
	case *kind.AdditionalProperties:
		return each(k.Properties, sayUnknown.With())
	default:
		return FieldErrors{wrong(at, sentence(e.ErrorKind))}
	}
}

// bounded sorts errors and drops duplicates and those above maxProblems. The order is the same for the same params,
// although the library iterates over maps.
func bounded(found FieldErrors) FieldErrors {
	slices.SortFunc(found, func(a, b FieldError) int {
		return cmp.Or(strings.Compare(a.Pointer, b.Pointer), strings.Compare(a.Message, b.Message))
	})
	found = slices.CompactFunc(found, func(a, b FieldError) bool { return a.Pointer == b.Pointer && a.Message == b.Message })
	if len(found) > maxProblems {
		more := len(found) - maxProblems
		found = append(found[:maxProblems:maxProblems], wrong("", sayMore.With(more)))
	}
	return found
}

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

// Pointer formats a path as a JSON pointer (RFC 6901).
func Pointer(path ...string) string {
	var b strings.Builder
	for _, step := range path {
		b.WriteByte('/')
		b.WriteString(escapePointer.Replace(step))
	}
	return b.String()
}
