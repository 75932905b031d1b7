package v1alpha1

import (
	"fmt"
	"slices"
	"strings"
)

// Undecoded are the fields of an object that the API server has and that this program could not decode. The object
// has everything else.
//
// Such fields exist because a CRD's schema may take more than Go's types do, and because an object may have been
// stored before its schema became stricter. An object with such a field must not be written back as a whole: the
// field would be lost. A patch of other fields is possible.
//
// The slice has the first maxUndecoded fields, those of the spec before those of the status.
type Undecoded []UndecodedField

// UndecodedField is one field that could not be decoded.
type UndecodedField struct {
	// Path from the object's root, such as spec.jobTemplate.spec.completions.
	Path string
	// Problem says for people what is wrong with the value. It quotes at most maxQuoted bytes of the value.
	Problem string
}

const (
	// maxUndecoded bounds how many fields of one object are reported.
	maxUndecoded = 8
	// maxQuoted bounds how much of a value is quoted, in bytes of JSON.
	maxQuoted = 64
	// maxUndecodedPath bounds how much of a path is kept, in bytes: keys of maps can be long.
	maxUndecodedPath = 512
)

// InSpec gives the fields of the spec. A run depends on them, so that none may start without them.
func (u Undecoded) InSpec() Undecoded {
	return slices.DeleteFunc(slices.Clone(u), func(f UndecodedField) bool { return !below(f.Path, "spec") })
}

// Has reports whether a field, or something in it, is among them. The path is as UndecodedField has it.
func (u Undecoded) Has(path string) bool {
	return slices.ContainsFunc(u, func(f UndecodedField) bool { return below(f.Path, path) })
}

// below reports whether a path is the parent's or leads below it.
func below(path, parent string) bool {
	rest, found := strings.CutPrefix(path, parent)
	return found && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// String names each field and its problem, for people.
func (u Undecoded) String() string {
	said := make([]string, len(u))
	for i, f := range u {
		said[i] = fmt.Sprintf("%s: %s", f.Path, f.Problem)
	}
	return strings.Join(said, "; ")
}
