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
)

const (
	// maxMessage is in runes. Params may have a hundred kilobytes, and a message may repeat them.
	maxMessage = 300
	// maxChoices is how many values of an enum are named.
	maxChoices = 20
)

var english = message.NewPrinter(language.English)

// sentence says what a keyword requires of a value, and continues after the value's name. Rare keywords have the
// library's message.
func sentence(keyword jsonschema.ErrorKind) string {
	switch k := keyword.(type) {
	case *kind.Type:
		return fmt.Sprintf("must be %s, not %s", anyType(k.Want), withArticle(k.Got))
	case *kind.Enum:
		return "must be one of " + choices(k.Want)
	case *kind.Const:
		return "must be " + asJSON(k.Want)
	case *kind.Format:
		return fmt.Sprintf("is not a valid %s: %v", k.Want, k.Err)
	case *kind.Pattern:
		return fmt.Sprintf("does not match the pattern %q", k.Want)
	case *kind.FalseSchema:
		return "is not allowed"
	case *kind.Not:
		return "has an excluded form"
	case *kind.OneOf:
		return "matches more than one form, but must match exactly one"
	case *kind.UniqueItems:
		return fmt.Sprintf("must not repeat an item, but items %d and %d are equal", k.Duplicates[0], k.Duplicates[1])
	}
	if limit := limitSentence(keyword); limit != "" {
		return limit
	}
	return keyword.LocalizedString(english)
}

// limitSentence says which limit a value or its size exceeds. It is empty for other keywords.
func limitSentence(keyword jsonschema.ErrorKind) string {
	switch k := keyword.(type) {
	case *kind.Minimum:
		return fmt.Sprintf("must be at least %s, not %s", number(k.Want), number(k.Got))
	case *kind.Maximum:
		return fmt.Sprintf("must be at most %s, not %s", number(k.Want), number(k.Got))
	case *kind.ExclusiveMinimum:
		return fmt.Sprintf("must be more than %s, not %s", number(k.Want), number(k.Got))
	case *kind.ExclusiveMaximum:
		return fmt.Sprintf("must be less than %s, not %s", number(k.Want), number(k.Got))
	case *kind.MultipleOf:
		return fmt.Sprintf("must be a multiple of %s, but %s is not", number(k.Want), number(k.Got))
	case *kind.MinLength:
		return fmt.Sprintf("must have at least %d characters, not %d", k.Want, k.Got)
	case *kind.MaxLength:
		return fmt.Sprintf("must have at most %d characters, not %d", k.Want, k.Got)
	case *kind.MinItems:
		return fmt.Sprintf("must have at least %d items, not %d", k.Want, k.Got)
	case *kind.MaxItems:
		return fmt.Sprintf("must have at most %d items, not %d", k.Want, k.Got)
	case *kind.MinProperties:
		return fmt.Sprintf("must have at least %d fields, not %d", k.Want, k.Got)
	case *kind.MaxProperties:
		return fmt.Sprintf("must have at most %d fields, not %d", k.Want, k.Got)
	default:
		return ""
	}
}

func anyType(types []string) string {
	named := make([]string, len(types))
	for i, t := range types {
		named[i] = withArticle(t)
	}
	return strings.Join(named, " or ")
}

// withArticle returns a JSON type with its article.
func withArticle(jsonType string) string {
	switch {
	case jsonType == "null" || jsonType == "":
		return jsonType
	case strings.ContainsAny(jsonType[:1], "aio"): // array, integer, object
		return "an " + jsonType
	default:
		return "a " + jsonType
	}
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
