// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"fmt"
	"slices"
	"strings"
)

// Undecoded lists the stored fields of an object that this program could not decode. The object has all other fields.
//
// Such fields exist because a CRD's schema may accept more than Go's types do, and because an object may have been stored before its
// schema became stricter. An object with such a field must not be written back as a whole, because the field would be lost. Other
// fields can be patched.
//
// The slice has the first maxUndecoded fields, those of the spec before those of the status.
type Undecoded []UndecodedField

// UndecodedField is one field that could not be decoded.
type UndecodedField struct {
	// Path is the path from the object's root, such as spec.jobTemplate.spec.completions.
	Path string
	// Problem says what is wrong with the value. It quotes at most maxQuoted bytes of it.
	Problem string
}

const (
	// maxUndecoded limits how many fields of one object are reported.
	maxUndecoded = 8
	// maxQuoted limits how much of a value is quoted, in bytes of JSON.
	maxQuoted = 64
	// maxUndecodedPath limits the length of a path in bytes, because keys of maps can be long.
	maxUndecodedPath = 512
)

// InSpec returns the fields of the spec. A run depends on them and must not start without them.
func (u Undecoded) InSpec() Undecoded {
	return slices.DeleteFunc(slices.Clone(u), func(f UndecodedField) bool { return !below(f.Path, "spec") })
}

// Has reports whether a field, or something below it, could not be decoded. The path has the form of UndecodedField.Path.
func (u Undecoded) Has(path string) bool {
	return slices.ContainsFunc(u, func(f UndecodedField) bool { return below(f.Path, path) })
}

// below reports whether a path is the parent or leads below it.
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
