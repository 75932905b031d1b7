// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"bytes"
	"slices"
	"sort"
)

// view is one decoding of a text: each byte, and its place in the text.
type view struct {
	text []byte
	// from has the place in the text of each byte. It is nil for the text itself.
	from []span
}

// place returns the place in the text of a part of the view.
func (v *view) place(s span) span {
	if v.from == nil {
		return s
	}
	return span{v.from[s.start].start, v.from[s.end-1].end}
}

// boundary returns the last place in the text, not after at, that is not within an escape.
func (v *view) boundary(at int) int {
	if len(v.from) == 0 {
		return at
	}
	i := sort.Search(len(v.from), func(i int) bool { return v.from[i].end > at })
	if i < len(v.from) {
		return min(at, v.from[i].start)
	}
	return at
}

// escape decodes an escape at the beginning of a text. It returns the bytes that the escape means, and the length of
// the escape in bytes, or 0 if there is no escape.
type escape func(text []byte) (means []byte, takes int)

// depth is how often a text is decoded: JSON in JSON, a URL in JSON.
const depth = 2

const (
	// maxGrowth is how many bytes of a text may stand for one byte of a value: \u0026, percent-encoded.
	maxGrowth = 18
	// maxEscape is how long an escape may be in bytes, over all depths.
	maxEscape = 12 * 12
)

// decodings are the ways to decode a text, each with the bytes that begin its escapes. A text without such a byte is
// not decoded.
var decodings = []struct {
	first string
	read  escape
}{
	{"%", percent},
	{"%", unicodePercent},
	{"%+", form},
	{`\'`, backslash(false)},
	{`\`, backslash(true)},
	{"&", entity},
}

// views returns all ways to read a text. There are 43 at most, and one for a text without escapes.
func views(text []byte) []view {
	all := []view{{text: text}}
	for from, step := 0, 0; step < depth; step++ {
		to := len(all)
		for ; from < to; from++ {
			for _, d := range decodings {
				if !bytes.ContainsAny(all[from].text, d.first) {
					continue
				}
				if decoded, changed := all[from].decode(d.first, d.read); changed && !slices.ContainsFunc(all, decoded.equal) {
					all = append(all, decoded)
				}
			}
		}
	}
	return all
}

func (v *view) equal(other view) bool { return bytes.Equal(v.text, other.text) }

// decode decodes one kind of escape.
func (v *view) decode(first string, read escape) (decoded view, changed bool) {
	decoded = view{text: make([]byte, 0, len(v.text)), from: make([]span, 0, len(v.text))}
	for at := 0; at < len(v.text); {
		means, takes := []byte(nil), 0
		if bytes.IndexByte([]byte(first), v.text[at]) >= 0 {
			means, takes = read(v.text[at:])
		}
		if takes == 0 {
			means, takes = v.text[at:at+1], 1
		} else {
			changed = true
		}
		place := v.place(span{at, at + takes})
		for _, b := range means {
			decoded.text, decoded.from = append(decoded.text, b), append(decoded.from, place)
		}
		at += takes
	}
	return decoded, changed
}
