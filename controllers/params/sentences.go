// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/taskexec/taskexec/controllers/phrases"
)

const (
	// maxMessage is in runes. Params may have a hundred kilobytes, and a message may repeat them.
	maxMessage = 300
	// maxChoices is how many values of an enum are named.
	maxChoices = 20
)

var english = message.NewPrinter(language.English)

// sentence says what a keyword requires of a value, and continues after the value's name. Rare keywords have the
// library's message, in English.
func sentence(keyword jsonschema.ErrorKind) phrases.Text {
	switch k := keyword.(type) {
	case *kind.Type:
		return sayType.With(anyType(k.Want), jsonType(k.Got))
	case *kind.Enum:
		return sayEnum.With(choices(k.Want))
	case *kind.Const:
		return sayConst.With(asJSON(k.Want))
	case *kind.Format:
		return sayFormat.With(k.Want, k.Err)
	case *kind.Pattern:
		return sayPattern.With(k.Want)
	case *kind.FalseSchema:
		return sayNever.With()
	case *kind.Not:
		return sayNot.With()
	case *kind.OneOf:
		return sayOneOf.With()
	case *kind.UniqueItems:
		return sayUnique.With(k.Duplicates[0], k.Duplicates[1])
	}
	if limit := limitSentence(keyword); !limit.IsZero() {
		return limit
	}
	return phrases.Verbatim(keyword.LocalizedString(english))
}

// limitSentence says which limit a value or its size exceeds. It says nothing for other keywords.
func limitSentence(keyword jsonschema.ErrorKind) phrases.Text {
	switch k := keyword.(type) {
	case *kind.Minimum:
		return sayMinimum.With(number(k.Want), number(k.Got))
	case *kind.Maximum:
		return sayMaximum.With(number(k.Want), number(k.Got))
	case *kind.ExclusiveMinimum:
		return sayMoreThan.With(number(k.Want), number(k.Got))
	case *kind.ExclusiveMaximum:
		return sayLessThan.With(number(k.Want), number(k.Got))
	case *kind.MultipleOf:
		return sayMultiple.With(number(k.Want), number(k.Got))
	case *kind.MinLength:
		return sayMinLength.With(k.Want, k.Got)
	case *kind.MaxLength:
		return sayMaxLength.With(k.Want, k.Got)
	case *kind.MinItems:
		return sayMinItems.With(k.Want, k.Got)
	case *kind.MaxItems:
		return sayMaxItems.With(k.Want, k.Got)
	case *kind.MinProperties:
		return sayMinProperties.With(k.Want, k.Got)
	case *kind.MaxProperties:
		return sayMaxProperties.With(k.Want, k.Got)
	default:
		return phrases.Text{}
	}
}

func anyType(types []string) phrases.Text {
	named := make([]phrases.Text, len(types))
	for i, t := range types {
		named[i] = jsonType(t)
	}
	return phrases.Join(sayOr, named...)
}

// jsonType returns a JSON type with its article.
func jsonType(name string) phrases.Text {
	if known := typeNames[name]; known != nil {
		return known.With()
	}
	return phrases.Verbatim(name)
}

func choices(values []any) string {
	shown := make([]string, 0, maxChoices+1)
	for _, value := range values {
		if len(shown) == maxChoices {
			shown = append(shown, "…")
			break
		}
		shown = append(shown, asJSON(value))
	}
	return strings.Join(shown, ", ")
}

func asJSON(value any) string {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(raw)
}

// number writes a whole number with all its digits, and any other as a float64.
func number(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	f, _ := r.Float64()
	return fmt.Sprint(f)
}

// clip cuts a message to its maximum length.
func clip(text string) string {
	if utf8.RuneCountInString(text) <= maxMessage {
		return text
	}
	return string([]rune(text)[:maxMessage]) + "…"
}
