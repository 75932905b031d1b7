// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// minRunes is the shortest length of a value. Redacting shorter values would destroy the log, and they are no
	// secrets.
	minRunes = 4
	// minEncoded is the least number of base64 characters for a part of an encoded text. Shorter parts occur by chance.
	minEncoded = 8
	// maxPieces bounds the number of pieces, because a value may have many lines. Plain values come before encoded
	// ones, and long pieces before short ones.
	maxPieces = 4096
	// maxPiece bounds the length of a piece, in bytes. A longer text is cut into several pieces. This bounds how much
	// of a stream is held back. It is a multiple of 3, because base64 encodes three bytes at a time.
	maxPiece = 2304
)

// piecesOf returns the pieces to find in a text and in its decodings.
func piecesOf(values []string) []string {
	var plain, encoded []string
	for _, value := range values {
		whole := strings.TrimSpace(value)
		if utf8.RuneCountInString(whole) < minRunes {
			continue
		}
		plain = append(plain, blocks(whole, true)...)
		for line := range strings.FieldsFuncSeq(value, func(c rune) bool { return c == '\n' || c == '\r' }) {
			if line = strings.TrimSpace(line); utf8.RuneCountInString(line) >= minRunes && line != whole {
				plain = append(plain, blocks(line, true)...)
			}
		}
		encoded = append(encoded, encodings(value, whole)...)
	}
	pieces := longestFirst(plain)
	pieces = append(pieces, longestFirst(encoded)...)
	return pieces[:min(len(pieces), maxPieces)]
}

func longestFirst(pieces []string) []string {
	slices.SortFunc(pieces, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return slices.Compact(pieces)
}

// blocks cuts a long text into blocks of at least minRunes characters. With runes, it does not cut within a character.
func blocks(text string, runes bool) (all []string) {
	for len(text) > maxPiece+4*minRunes {
		cut := maxPiece
		for runes && cut > maxPiece-utf8.UTFMax && !utf8.RuneStart(text[cut]) {
			cut--
		}
		all, text = append(all, text[:cut]), text[cut:]
	}
	return append(all, text)
}

// encodings returns encodings of a value, with and without the space around it, that cannot be found by decoding a
// text, because nothing marks where they begin. For base64 it returns each form that depends on the place of the value
// in the encoded text.
func encodings(value, whole string) (all []string) {
	for _, block := range blocks(whole, false) {
		all = append(all, hex.EncodeToString([]byte(block)), strings.ToUpper(hex.EncodeToString([]byte(block))))
		for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			for before := range 3 {
				if inner := innerBase64(alphabet, block, before); len(inner) >= minEncoded {
					all = append(all, inner)
				}
			}
		}
	}
	for _, exact := range []string{value, whole, value + "\n", whole + "\n"} {
		for _, alphabet := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
			text := alphabet.EncodeToString([]byte(exact))
			if len(text) <= 2*maxPiece {
				all = append(all, text)
			}
			// The programs base64 and openssl break lines.
			for _, width := range []int{76, 64} {
				all = append(all, brokenAt(text, width)...)
			}
		}
	}
	return all
}

// innerBase64 returns the base64 characters that depend only on the text, if it is preceded by a number of bytes in the
// encoded text.
func innerBase64(alphabet *base64.Encoding, text string, before int) string {
	encoded := alphabet.EncodeToString([]byte(strings.Repeat("\x00", before) + text))
	first, last := (8*before+5)/6, 8*(before+len(text))/6
	return encoded[first:last]
}

// brokenAt returns the lines of a text that is broken after a number of characters, without lines that are too short.
// It returns nil if there is only one line.
func brokenAt(text string, width int) (all []string) {
	if len(text) <= width {
		return nil
	}
	for line := range slices.Chunk([]byte(text), width) {
		if len(line) >= minEncoded {
			all = append(all, string(line))
		}
	}
	return all
}
