// Package redact takes known secret values out of what is kept of a log. It is pure.
//
// It knows a value as it was given, and line by line where it has several. It knows it as well where a program printed it
// with escapes: percent-encoded, in a string of JSON, of a programming language or of a shell, or in HTML, and up to
// two of these in each other, such as JSON in JSON. And it knows base64, in both alphabets and wherever the value stands
// in what was encoded, and hexadecimal digits without space between them.
//
// It does not know a value of fewer than 4 characters, in any form, a part of a value, other encodings (base32, gzip,
// UTF-16, quoted-printable, reversed, encrypted, hashed), another way to write a number, or more than two encodings of
// one another.
package redact

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Marker stands where a value was.
const Marker = "[redacted]"

// Redactor takes values out of texts. One that is nil leaves a text as it is. It may be used by several goroutines.
type Redactor struct{ finder *finder }

// New makes one that knows these values.
func New(values []string) *Redactor { return &Redactor{newFinder(piecesOf(values))} }

// Text returns a text without the values. Its cost is linear in the length of a text: there are 43 ways to read one at most.
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

// cutMark is what the parser puts at the end of a message that it cut.
var cutMark = regexp.MustCompile(` … \(\d+ bytes more\)$`)

// clean gives a text without the values.
func (r *Redactor) clean(text []byte) []byte {
	return without(text, r.find(text, views(text)))
}

// cleanCut does the same for a text that may have been cut within a value, and takes the beginning of that from its end.
func (r *Redactor) cleanCut(text []byte) []byte {
	return without(text, r.findCut(text))
}

// findCut gives where values are in such a text.
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

// find gives where values are in a text that can be read in these ways.
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

// without puts a Marker in the place of each span.
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

// Entries gives a log without the values, in messages and in data. What it was given stays as it is.
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

// JSON gives a value without the secret ones, nil when it cannot be read.
func (r *Redactor) JSON(value *apiextensionsv1.JSON) *apiextensionsv1.JSON {
	if r == nil || value == nil {
		return value
	}
	return r.data(value)
}

// data is read, because a value may be written in more than one way in JSON. What cannot be read is left out.
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

// value of JSON without the secret ones; a number that was one becomes a string.
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
