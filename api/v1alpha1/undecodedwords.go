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

// kindsOfValues say what a value should be, for people.
var kindsOfValues = map[reflect.Type]string{
	reflect.TypeFor[resource.Quantity]():  "no quantity, such as 500m, 128Mi or 1e3",
	reflect.TypeFor[metav1.Duration]():    "no duration, such as 90s or 1h30m",
	reflect.TypeFor[metav1.Time]():        "no time in RFC 3339, such as 2026-01-02T15:04:05Z",
	reflect.TypeFor[metav1.MicroTime]():   "no time in RFC 3339 with microseconds, such as 2026-01-02T15:04:05.000000Z",
	reflect.TypeFor[intstr.IntOrString](): "neither a text nor an integer of 32 bits",
}

// problemOf says why a value does not decode into a type.
func problemOf(value json.RawMessage, into reflect.Type, err error) string {
	if kind, known := kindsOfValues[into]; known {
		return fmt.Sprintf("%s is %s", quoted(value), kind)
	}
	switch into.Kind() { //nolint:exhaustive // for the others the decoder's own words do
	case reflect.Int32, reflect.Int64:
		return fmt.Sprintf("%s is no integer of %d bits", quoted(value), into.Bits())
	default:
		return fmt.Sprintf("%s: %v", quoted(value), err)
	}
}

// quoted is the beginning of a value as it stands in JSON.
func quoted(value json.RawMessage) string { return clip(string(value), maxQuoted) }

// clip cuts a text to a number of bytes, between two characters.
func clip(text string, bytes int) string {
	if len(text) <= bytes {
		return text
	}
	return strings.ToValidUTF8(text[:bytes], "") + "…"
}

// field of a struct.
type field struct {
	of reflect.Type
	// required: an object without it would not be taken by the API server.
	required bool
}

// fieldsOf gives the fields of a struct by their names in JSON, those of embedded structs included.
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
