// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package openapi

import (
	"maps"
	"reflect"
	"strings"
)

// Comments are the doc comments of types and their fields, by "import/path.Type" and "import/path.Type.Field". The API
// description uses them.
type Comments map[string]string

// SourceComments returns the comments of the facade's own types. `make generate` copies them from the source.
func SourceComments() Comments { return maps.Clone(sourceComments) }

// describe returns the comment of a type or of one of its fields. It replaces Go names by JSON names.
func (c Comments) describe(t reflect.Type, field string) string {
	key := t.PkgPath() + "." + t.Name()
	if field == "" {
		return strings.Replace(c[key], t.Name(), schemaName(t), 1)
	}
	text := c[key+"."+field]
	found, _ := t.FieldByName(field)
	name, _, _ := strings.Cut(found.Tag.Get("json"), ",")
	if rest, begins := strings.CutPrefix(text, field+" "); begins && name != "" {
		return name + " " + rest
	}
	return text
}
