// Package redact takes known secret values out of what is kept of a log. It is pure.
//
// It knows a value as it was given, line by line where it has several, and as it stands within a JSON string. A
// program that prints a value in another form (base64, in parts, backwards) cannot be helped.
package redact

import (
	"bytes"
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Marker stands where a value was.
const Marker = "[redacted]"

const (
	// minRunes of a value that is looked for. A shorter one would take half of the log with it, and is no secret.
	minRunes = 4
	// maxPieces that are looked for, the longest ones: a value may have many lines.
	maxPieces = 1000
)

// Redactor takes values out of texts. One that is nil leaves a text as it is. It may be used by several goroutines.
type Redactor struct {
	pieces   []string
	replacer *strings.Replacer
}

// New makes one that knows these values. Its cost is linear in the length of a text.
func New(values []string) *Redactor {
	r := &Redactor{pieces: piecesOf(values)}
	pairs := make([]string, 0, 2*len(r.pieces))
	for _, piece := range r.pieces {
		pairs = append(pairs, piece, Marker)
	}
	r.replacer = strings.NewReplacer(pairs...)
	return r
}

// piecesOf gives what is looked for, the longest first, so that a value goes before another that it begins with.
func piecesOf(values []string) []string {
	var pieces []string
	for _, value := range values {
		for line := range strings.FieldsFuncSeq(value, func(c rune) bool { return c == '\n' || c == '\r' }) {
			line = strings.TrimSpace(line)
			if utf8.RuneCountInString(line) >= minRunes {
				pieces = append(pieces, line, withinJSON(line))
			}
		}
	}
	slices.SortFunc(pieces, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	pieces = slices.Compact(pieces)
	return pieces[:min(len(pieces), maxPieces)]
}

// withinJSON writes a text as it stands within a JSON string, which a line may quote.
func withinJSON(text string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(text) != nil {
		return text
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(b.String()), `"`), `"`)
}

// Text gives a text without the values.
func (r *Redactor) Text(text string) string {
	if r == nil {
		return text
	}
	text = r.replacer.Replace(text)
	mark := cutMark.FindStringIndex(text)
	if mark == nil {
		return text
	}
	return r.withoutBeginning(text[:mark[0]]) + text[mark[0]:]
}

// cutMark is what the parser puts at the end of a message that it cut.
var cutMark = regexp.MustCompile(` … \(\d+ bytes more\)$`)

// withoutBeginning takes the beginning of a value from the end of a text that was cut within it.
func (r *Redactor) withoutBeginning(text string) string {
	longest := 0
	for _, piece := range r.pieces {
		for n := min(len(piece)-1, len(text)); n > longest && n >= minRunes; n-- {
			if strings.HasSuffix(text, piece[:n]) {
				longest = n
				break
			}
		}
	}
	if longest == 0 {
		return text
	}
	return text[:len(text)-longest] + Marker
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
