// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

// naive redacts a text line by line, each line as a whole.
func naive(r *Redactor, text string) string {
	var out strings.Builder
	for line := range strings.SplitAfterSeq(text, "\n") {
		body, ended := strings.CutSuffix(line, "\n")
		stamp, rest, ok := strings.Cut(body, " ")
		if ok && strings.Trim(stamp, "0123456789-:.+TZ") == "" && len(stamp) < maxStamp {
			out.WriteString(stamp + " ")
			body = rest
		}
		if ended {
			out.WriteString(string(r.clean([]byte(body))) + "\n")
		} else {
			out.WriteString(string(r.cleanCut([]byte(body))))
		}
	}
	return out.String()
}

// inPieces reads a text in pieces of random sizes.
type inPieces struct {
	text   []byte
	random *rand.Rand
	most   int
}

func (p *inPieces) Read(to []byte) (int, error) {
	if len(p.text) == 0 {
		return 0, io.EOF
	}
	n := copy(to[:min(len(to), 1+p.random.IntN(p.most))], p.text)
	p.text = p.text[n:]
	return n, nil
}

// printedForms returns the forms in which a value is printed.
func printedForms(value string) []string {
	goJSON, _ := json.Marshal(value)
	twice, _ := json.Marshal(string(goJSON))
	raw := []byte(value)
	return []string{
		value, url.QueryEscape(value), url.PathEscape(value), strings.ToLower(url.QueryEscape(value)), string(goJSON), string(twice), strconv.QuoteToASCII(value),
		"'" + strings.ReplaceAll(value, "'", `'\''`) + "'", fmt.Sprintf("%x", value), base64.StdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw),
		base64.StdEncoding.EncodeToString([]byte("user:" + value)), base64.StdEncoding.EncodeToString([]byte(value + "\n")),
	}
}

// A value is found in each form, wherever the log is cut: between two reads, or between two parts of a long line.
func TestCase46ValuesAcrossPieces(t *testing.T) {
	const values = 5
	for seed := range uint64(24) {
		random := rand.New(rand.NewPCG(seed, 2))
		var known []string
		for range values {
			known = append(known, secret(random))
		}
		r := New(known)
		text := randomLog(random, known, []int{200, 5_000, 90_000}[seed%3])
		want := naive(r, text)
		got, err := io.ReadAll(r.Log(io.NopCloser(&inPieces{[]byte(text), random, []int{1, 7, 40_000}[random.IntN(3)]}), true))
		if err != nil || string(got) != want {
			t.Fatalf("seed %d: %v, values %q: first difference at %d of %d", seed, err, known, common(want, got), len(want))
		}
		for _, value := range known {
			if strings.Contains(want, value) || strings.Contains(want, url.QueryEscape(value)) {
				t.Errorf("seed %d: %q is left", seed, value)
			}
		}
	}
}

// Values overlap themselves over a whole long line.
func TestCase46OverlappingValues(t *testing.T) {
	for _, value := range []string{"aaaa", "ababab", strings.Repeat("a", 500)} {
		r := New([]string{value})
		text := "2026-11-25T11:05:00Z b" + strings.Repeat("ab", 50_000) + strings.Repeat("a", 300_000) + "b" + strings.Repeat(value, 1000) + "c\n"
		got, err := io.ReadAll(r.Log(io.NopCloser(&inPieces{[]byte(text), rand.New(rand.NewPCG(1, 1)), 50_000}), true))
		if want := naive(r, text); err != nil || string(got) != want {
			t.Errorf("%.20q: %v, %d bytes, want %d", value, err, len(got), len(want))
		}
	}
}

func secret(random *rand.Rand) string {
	const alphabet = `abcXYZ019 '"\&<>/%+=ü€😀$`
	letters := []rune(alphabet)
	var b strings.Builder
	b.WriteRune('q')
	for range 6 + random.IntN(40) {
		b.WriteRune(letters[random.IntN(len(letters))])
	}
	return b.String() + "z"
}

func randomLog(random *rand.Rand, known []string, size int) string {
	var b strings.Builder
	fresh := true
	for b.Len() < size {
		if fresh {
			b.WriteString("2026-11-25T11:05:00.123456789Z ")
		}
		forms := printedForms(known[random.IntN(len(known))])
		form := forms[random.IntN(len(forms))]
		if random.IntN(4) == 0 {
			form = form[:random.IntN(len(form))]
		}
		b.WriteString([]string{"", " ", "token=", `\`, "%", "x", "{\"a\":\"", "&amp;"}[random.IntN(8)] + form)
		if fresh = random.IntN(300) == 0; fresh {
			b.WriteString("\n")
		}
	}
	return b.String()
}

// The output of a log that breaks off is a prefix of its output when it is read again.
func TestCase46LogThatIsReadAgain(t *testing.T) {
	r := New([]string{"s3cret-value"})
	line := "2026-11-25T11:05:00Z " + strings.Repeat("a s3cret-value and more ", 9000)
	want := naive(r, line+"\n")
	for _, cut := range []int{10, 30, 30_000, 50_000, 100_001, 100_005, 150_000} {
		got, err := io.ReadAll(r.Log(io.NopCloser(strings.NewReader(line[:cut])), false))
		if err != nil || !strings.HasPrefix(want, string(got)) || len(got) < cut/2-40_000 {
			t.Errorf("cut at %d: %d bytes, %v", cut, len(got), err)
		}
	}
	got, err := io.ReadAll(r.Log(io.NopCloser(strings.NewReader("2026-11-25T11:05:00Z ends in s3cret-v")), true))
	if want := "2026-11-25T11:05:00Z ends in [redacted]"; err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if _, err := io.ReadAll(r.Log(io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF)), true)); err == nil {
		t.Error("an error of the log is not told")
	}
}

// The timestamp of a line is never redacted, whatever the values are.
func TestCase46TimesStay(t *testing.T) {
	text := "2026-11-25T11:05:00Z in 2026-11 it was 11:05\n"
	got, err := io.ReadAll(New([]string{"2026-11", "11:05"}).Log(io.NopCloser(strings.NewReader(text)), true))
	if want := "2026-11-25T11:05:00Z in [redacted] it was [redacted]\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v", got, err)
	}
}

func FuzzLog(f *testing.F) {
	f.Add("s3cret", "pass word", []byte("2026-11-25T11:05:00Z a s3cret pass%20word pass+word\nnext"), uint64(1))
	f.Add(`a"b\c`, "ü&<x", []byte(`{"a":"a\"b\\c","b":"\u00fc\u0026\u003cx"}`), uint64(2))
	f.Add("aaaa", "aaaab", bytes.Repeat([]byte("a"), 100), uint64(3))
	f.Fuzz(func(t *testing.T, a, b string, text []byte, seed uint64) {
		r := New([]string{a, b})
		if len(r.finder.pieces) == 0 {
			return
		}
		want := naive(r, string(text))
		got, err := io.ReadAll(r.Log(io.NopCloser(&inPieces{bytes.Clone(text), rand.New(rand.NewPCG(seed, 1)), 10}), true))
		if err != nil || string(got) != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	})
}
