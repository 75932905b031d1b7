// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// Binary output is archived byte for byte. The tail has it as valid text.
func TestCase16LogOfAnyBytes(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]string{"ended": "\n", "without a last newline": ""} {
		t.Run(name, func(t *testing.T) { checkBytes(t, append(hostileLog(), end...)) })
	}
}

func checkBytes(t *testing.T, printed []byte) {
	t.Helper()
	name := given(t, taskOf(printingBytes(printed)))
	id := execute(t, name, nil)
	e := captured(t, id)
	if !verdictOf(t, e) {
		t.Errorf("nothing excuses that a short log is not whole: %s", text(e.Status.LogSummary))
	}
	if got := wholeLog(t, id, ""); !bytes.Equal(got, printed) {
		at := 0
		for at < min(len(got), len(printed)) && got[at] == printed[at] {
			at++
		}
		t.Errorf("the archive has %d bytes, printed were %d, and they differ at %d: %.60q, want %.60q",
			len(got), len(printed), at, got[at:], printed[at:])
	}
	for _, entry := range e.Status.Logs {
		if dirty(entry.Message) || entry.Data != nil && dirty(string(entry.Data.Raw)) {
			t.Errorf("the mirrored tail has %.200q", text(entry))
		}
	}
	for what, path := range map[string]string{"the execution": "/tasks/running/execution/" + id, "a page": logsPath(id, "limit=1000")} {
		if r := call(t, "GET", path, nil); r.code != 200 || !utf8.Valid(r.body) || bytes.ContainsAny(r.body, "\x00\x1b") {
			t.Errorf("%s reads %d %.200q", what, r.code, r.body)
		}
	}
	for _, entry := range page(t, id, "limit=1000").Entries {
		if dirty(entry.Message) {
			t.Errorf("a page has %.200q", entry.Message)
		}
	}
}

func dirty(s string) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r != '\t' && unicode.IsControl(r) })
}

// hostileLog returns every kind of bytes that is hard to read. It has no carriage return before a newline, because
// containerd removes it. The last line has no newline.
func hostileLog() []byte {
	var every []byte
	for b := range 256 {
		every = append(every, byte(b))
	}
	noise := make([]byte, 20_000) // the runtime splits lines longer than 16 KiB
	source := rand.NewChaCha8([32]byte{})
	_, _ = source.Read(noise) // never fails, according to its documentation
	noise = bytes.ReplaceAll(noise, []byte("\n"), []byte("\x00"))
	return slices.Concat([]byte("first\n\n \n\t\ntrailing \n"), every, []byte("\n"),
		[]byte("nul\x00nul\n\x00\n\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b[2J\n\xff\xfe cut \xe4\xb8\n"),
		[]byte("2026-01-02T03:04:05.000000000Z stdout F not the kubelet's\n"),
		[]byte(`{"level":"error","msg":"\u0000\u001b[31m","x":"\ud800"}`+"\nover\rwritten\n"),
		noise, []byte("\nlast"))
}

// printingBytes returns a script in plain ASCII that prints the given bytes.
func printingBytes(log []byte) string {
	var b strings.Builder
	for chunk := range slices.Chunk(log, 1024) {
		b.WriteString("printf '")
		for _, c := range chunk {
			if c >= 'a' && c <= 'z' {
				b.WriteByte(c)
			} else {
				fmt.Fprintf(&b, `\%03o`, c)
			}
		}
		b.WriteString("'\n")
	}
	return b.String()
}
