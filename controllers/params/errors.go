package params

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// maxProblems told at once.
const maxProblems = 50

// FieldError is one thing that is wrong with params.
type FieldError struct {
	// Pointer to the value, as a JSON pointer (RFC 6901); empty for the whole.
	Pointer string
	// Message for people.
	Message string
}

// FieldErrors are all that is wrong, sorted by pointer.
type FieldErrors []FieldError

// Error tells all of them in one line.
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

var english = message.NewPrinter(language.English)

func problemsOf(err error) FieldErrors {
	invalid := &jsonschema.ValidationError{}
	if !errors.As(err, &invalid) {
		return FieldErrors{{Message: err.Error()}}
	}
	return flatten(invalid)
}

// flatten turns the tree of what failed into one error for each field, of the leaves: what stands above them
// only says that something below is wrong.
func flatten(root *jsonschema.ValidationError) FieldErrors {
	var found FieldErrors
	var walk func(*jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		if len(e.Causes) > 0 {
			for _, cause := range e.Causes {
				walk(cause)
			}
			return
		}
		found = append(found, leaf(e)...)
	}
	walk(root)
	slices.SortStableFunc(found, func(a, b FieldError) int { return strings.Compare(a.Pointer, b.Pointer) })
	found = slices.Compact(found)
	if len(found) > maxProblems {
		more := len(found) - maxProblems
		found = append(found[:maxProblems:maxProblems], FieldError{Message: fmt.Sprintf("and %d more", more)})
	}
	return found
}

// leaf gives the errors of one failed keyword. A field that is missing or unknown is pointed to itself, not to
// the object that it is missing from.
func leaf(e *jsonschema.ValidationError) FieldErrors {
	at := pointer(e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		out := make(FieldErrors, len(k.Missing))
		for i, name := range k.Missing {
			out[i] = FieldError{at + pointer([]string{name}), "is required"}
		}
		return out
	case *kind.AdditionalProperties:
		out := make(FieldErrors, len(k.Properties))
		for i, name := range k.Properties {
			out[i] = FieldError{at + pointer([]string{name}), "is not a parameter of this task"}
		}
		return out
	default:
		return FieldErrors{{at, e.ErrorKind.LocalizedString(english)}}
	}
}

// pointer writes a path as RFC 6901 says.
func pointer(path []string) string {
	var b strings.Builder
	for _, step := range path {
		b.WriteByte('/')
		b.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(step))
	}
	return b.String()
}
