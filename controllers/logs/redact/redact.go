// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package redact removes known secret values from logs. It is pure.
//
// It finds a value as it is, and each line of a value with several lines. It finds escaped values: percent-encoded, in
// strings of JSON, of programming languages and of shells, and in HTML, also with two nested escapes, such as JSON in
// JSON. It finds base64 in both alphabets, wherever the value is in the encoded text, and hexadecimal digits without
// spaces.
//
// It does not find values of fewer than 4 characters, parts of a value, other encodings (base32, gzip, UTF-16,
// quoted-printable, reversed, encrypted, hashed), other spellings of a number, and more than two nested encodings.
package redact

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Marker replaces a value.
const Marker = "[redacted]"

// Redactor removes values from texts. A nil Redactor leaves texts as they are. It is safe for concurrent use.
type Redactor struct{ finder *finder }

// New returns a Redactor for these values.
func New(values []string) *Redactor { return &Redactor{newFinder(piecesOf(values))} }

// Text returns a text without the values. Its cost is linear in the length of the text, which is read in at most 43
// ways.
func (r *Redactor) Text(text string) string {
	if r == nil || len(r.finder.pieces) == 0 {
		return text
	}
	mark := cutMark.FindStringIndex(text)
	if mark == nil {
		return string(r.clean([]byte(text)))
	}
	return string(r.cleanCut([]byte(text[:mark[0]]))) + text[mark[0]:]
}

// cutMark matches what the parser appends to a message that it cut.
var cutMark = regexp.MustCompile(` … \(\d+ bytes more\)$`)

// clean returns a text without the values.
func (r *Redactor) clean(text []byte) []byte {
	return without(text, r.find(text, views(text)))
}

// cleanCut does the same for a text that may be cut within a value. It also removes the beginning of a value at the end
// of the text.
func (r *Redactor) cleanCut(text []byte) []byte {
	return without(text, r.findCut(text))
}

// findCut returns where values are in a text that may be cut within a value.
func (r *Redactor) findCut(text []byte) []span {
	all := views(text)
	spans := r.find(text, all)
	begun := len(text)
	for i := range all {
		if at := r.finder.begun(all[i].text); at < len(all[i].text) {
			begun = min(begun, all[i].place(span{at, len(all[i].text)}).start)
		}
	}
	if begun < len(text) {
		spans = merged(append(spans, span{begun, len(text)}))
	}
	return spans
}

// find returns where values are in a text that can be read in these ways.
func (r *Redactor) find(text []byte, all []view) []span {
	var spans, found []span
	for i := range all {
		found = r.finder.all(found[:0], all[i].text)
		for _, s := range found {
			spans = append(spans, all[i].place(s))
		}
	}
	return merged(outsideMarkers(spans, text))
}

// without replaces each span with a Marker.
func without(text []byte, spans []span) []byte {
	if len(spans) == 0 {
		return text
	}
	out, at := make([]byte, 0, len(text)), 0
	for _, s := range spans {
		out = append(append(out, text[at:s.start]...), Marker...)
		at = s.end
	}
	return append(out, text[at:]...)
}

// Entries returns a copy of a log without the values in messages and data.
func (r *Redactor) Entries(entries []v1alpha1.LogEntry) []v1alpha1.LogEntry {
	if r == nil {
		return entries
	}
	out := slices.Clone(entries)
	for i := range out {
		out[i].Message = r.Text(out[i].Message)
		if out[i].Data != nil {
			out[i].Data = r.data(out[i].Data)
		}
	}
	return out
}

// JSON returns a JSON value without the secret values, nil if it cannot be read.
func (r *Redactor) JSON(value *apiextensionsv1.JSON) *apiextensionsv1.JSON {
	if r == nil || value == nil {
		return value
	}
	return r.data(value)
}

// data decodes the JSON, because JSON has several ways to write a value. It returns nil if that fails.
func (r *Redactor) data(data *apiextensionsv1.JSON) *apiextensionsv1.JSON {
	decoder := json.NewDecoder(bytes.NewReader(data.Raw))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return nil
	}
	clean, changed := r.value(value)
	if !changed {
		return data
	}
	raw, err := json.Marshal(clean)
	if err != nil {
		return nil
	}
	return &apiextensionsv1.JSON{Raw: raw}
}

// value returns a decoded JSON value without the secret values. A secret number becomes a string.
func (r *Redactor) value(value any) (clean any, changed bool) {
	switch v := value.(type) {
	case string:
		clean := r.Text(v)
		return clean, clean != v
	case json.Number:
		if clean := r.Text(v.String()); clean != v.String() {
			return clean, true
		}
		return v, false
	case []any:
		for i := range v {
			c, did := r.value(v[i])
			v[i], changed = c, changed || did
		}
		return v, changed
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, child := range v {
			name := r.Text(key)
			c, did := r.value(child)
			out[name], changed = c, changed || did || name != key
		}
		return out, changed
	default:
		return value, false
	}
}
