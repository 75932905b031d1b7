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
	// minRunes of a value that is looked for. A shorter one would take half of the log with it, and is no secret.
	minRunes = 4
	// minEncoded is the least number of characters of base64 that are looked for where they are only a part of what was
	// encoded: shorter ones are in other texts by chance.
	minEncoded = 8
	// maxPieces that are looked for: a value may have many lines. Values as they are go before their encodings, and long
	// ones before short ones.
	maxPieces = 4096
	// maxPiece is how long a piece is at most, in bytes; a longer one is looked for in several. So what has to be held
	// back of a stream is bounded. It can be divided by 3, as base64 encodes three bytes at a time.
	maxPiece = 2304
)

// piecesOf gives what is looked for in a text and in what it decodes to (see decodings).
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

// blocks cuts a long text. None is shorter than minRunes characters; where runes is set, none is cut within one.
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

// encodings of a value, as it is and without the space around it, that cannot be found by decoding a text: nothing
// tells where in the text they begin. Base64 is looked for wherever the value stands in what was encoded.
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

// innerBase64 gives the characters of base64 that are those of the text alone, when so many bytes are before it in
// what is encoded.
func innerBase64(alphabet *base64.Encoding, text string, before int) string {
	encoded := alphabet.EncodeToString([]byte(strings.Repeat("\x00", before) + text))
	first, last := (8*before+5)/6, 8*(before+len(text))/6
	return encoded[first:last]
}

// brokenAt gives the lines of a text that is broken after so many characters, those that are long enough. Nothing if it
// has only one.
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
