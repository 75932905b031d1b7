// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"bytes"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// finder finds a set of pieces in texts. Its time is linear in the length of the text, plus the parts of the text that
// match the beginning of a piece.
type finder struct {
	// pieces are in byte order.
	pieces []string
	// within has, for each piece, the longest other piece that is its prefix, or -1.
	within []int
	// begins has a bit for each pair of bytes with which a piece begins.
	begins [1 << 16 / 64]uint64
	// longest is the length of the longest piece in bytes.
	longest int
}

// span is a place in a text, in bytes.
type span struct{ start, end int }

func newFinder(pieces []string) *finder {
	f := &finder{pieces: slices.Compact(slices.Sorted(slices.Values(pieces)))}
	f.within = make([]int, len(f.pieces))
	var open []int // pieces that may be a prefix of the next one, each a prefix of the one after it
	for i, piece := range f.pieces {
		for len(open) > 0 && !strings.HasPrefix(piece, f.pieces[open[len(open)-1]]) {
			open = open[:len(open)-1]
		}
		f.within[i] = -1
		if len(open) > 0 {
			f.within[i] = open[len(open)-1]
		}
		open = append(open, i)
		word, bit := beginning(piece[0], piece[1])
		f.begins[word] |= bit
		f.longest = max(f.longest, len(piece))
	}
	return f
}

// beginning returns the place of the bit for two bytes.
func beginning(a, b byte) (word int, bit uint64) {
	n := int(a)<<8 | int(b)
	return n / 64, 1 << (n % 64)
}

// all appends the place of each occurrence of a piece, in order. If several pieces begin at one place, it appends the
// longest.
func (f *finder) all(found []span, text []byte) []span {
	for at := 0; at+1 < len(text); at++ {
		if word, bit := beginning(text[at], text[at+1]); f.begins[word]&bit == 0 {
			continue
		}
		if n := f.at(text[at:]); n > 0 {
			found = append(found, span{at, at + n})
		}
	}
	return found
}

// at returns the length of the longest piece that is a prefix of a text, or 0.
func (f *finder) at(text []byte) int {
	text = text[:min(len(text), f.longest)]
	// A prefix of the text is before the text in byte order, and is also a prefix of each piece between the two.
	i := sort.Search(len(f.pieces), func(i int) bool { return f.pieces[i] > string(text) }) - 1
	if i < 0 {
		return 0
	}
	same := common(f.pieces[i], text)
	for i >= 0 && len(f.pieces[i]) > same {
		i = f.within[i]
	}
	if i < 0 {
		return 0
	}
	return len(f.pieces[i])
}

// begun returns where the text ends with the beginning of a piece, of at least minRunes characters. It returns the
// text's length if there is no such place.
func (f *finder) begun(text []byte) int {
	for at := max(0, len(text)-f.longest); at < len(text); at++ {
		rest := text[at:]
		if utf8.RuneCount(rest) < minRunes {
			break
		}
		i := sort.Search(len(f.pieces), func(i int) bool { return f.pieces[i] >= string(rest) })
		if i < len(f.pieces) && strings.HasPrefix(f.pieces[i], string(rest)) {
			return at
		}
	}
	return len(text)
}

// common returns the length of the common prefix of two texts, in bytes.
func common(a string, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// merged sorts spans and joins those that overlap, but not those that only touch.
func merged(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int {
		if a.start != b.start {
			return a.start - b.start
		}
		return b.end - a.end
	})
	out := spans[:0]
	for _, s := range spans {
		if n := len(out); n > 0 && s.start < out[n-1].end {
			out[n-1].end = max(out[n-1].end, s.end)
			continue
		}
		out = append(out, s)
	}
	return out
}

// outsideMarkers removes spans within a Marker that is in the text already.
func outsideMarkers(spans []span, text []byte) []span {
	if len(spans) == 0 || !bytes.Contains(text, []byte(Marker)) {
		return spans
	}
	return slices.DeleteFunc(spans, func(s span) bool {
		from, to := max(0, s.end-len(Marker)), min(len(text), s.start+len(Marker))
		return bytes.Contains(text[from:max(from, to)], []byte(Marker))
	})
}
