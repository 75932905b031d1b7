// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// kindsOfValues says what a value is not, for each type.
var kindsOfValues = map[reflect.Type]string{
	reflect.TypeFor[resource.Quantity]():  "not a quantity, such as 500m, 128Mi or 1e3",
	reflect.TypeFor[metav1.Duration]():    "not a duration, such as 90s or 1h30m",
	reflect.TypeFor[metav1.Time]():        "not a time in RFC 3339, such as 2026-01-02T15:04:05Z",
	reflect.TypeFor[metav1.MicroTime]():   "not a time in RFC 3339 with microseconds, such as 2026-01-02T15:04:05.000000Z",
	reflect.TypeFor[intstr.IntOrString](): "neither a string nor a 32-bit integer",
}

// problemOf returns why a value does not decode into a type.
func problemOf(value json.RawMessage, into reflect.Type, err error) string {
	if kind, known := kindsOfValues[into]; known {
		return fmt.Sprintf("%s is %s", quoted(value), kind)
	}
	switch into.Kind() { //nolint:exhaustive // for the others the decoder's own words do
	case reflect.Int32, reflect.Int64:
		return fmt.Sprintf("%s is not a %d-bit integer", quoted(value), into.Bits())
	default:
		return fmt.Sprintf("%s: %v", quoted(value), err)
	}
}

// quoted returns the beginning of a value as it is in JSON.
func quoted(value json.RawMessage) string { return clip(string(value), maxQuoted) }

// clip cuts a text to a number of bytes, but not within a character.
func clip(text string, bytes int) string {
	if len(text) <= bytes {
		return text
	}
	return strings.ToValidUTF8(text[:bytes], "") + "…"
}

// field of a struct.
type field struct {
	of reflect.Type
	// required says that the API server refuses an object without it.
	required bool
}

// fieldsOf adds the fields of a struct to a map, by their names in JSON and with those of embedded structs.
func fieldsOf(of reflect.Type, fields map[string]field) {
	for i := range of.NumField() {
		f := of.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported():
		case name == "" && f.Anonymous && f.Type.Kind() == reflect.Struct:
			fieldsOf(f.Type, fields)
		default:
			fields[cmp.Or(name, f.Name)] = field{f.Type, !strings.Contains(options, "omit")}
		}
	}
}
