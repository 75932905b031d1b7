// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	kubejson "k8s.io/apimachinery/pkg/util/json"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/numbers"
)

func FuzzLine(f *testing.F) {
	for _, seed := range []string{
		"", "text", "\x00\x01\xff\xfe", "\x1b[", "\x1b]0;", "\x1b]8;;x\x1b\\y\x07", "\u009b31m\u009dx\u009c", "a\u202e\u2028\u2066\ufeff", "a\r\nb\u0085",
		`{"msg":"x","a":{"b":[1,null,"\u001b[0m"]}}`, `{"level":10,"n":1e999,"_truncated":1}`, `{"level":"INFO","msg":"x","\u0000k":1,"k":2}`,
		`{"@timestamp":"now","log":{"level":"warn"},"message":"\ud800"}`, `{"log":"x\n","stream":"stderr","time":"2026-01-02T03:04:05Z"}`,
		`{"msg":"x","n":[12345678901234567890,1e-999,0.1234567890123456789,-0]}`, `{"msg":"x","n":[1e20,1E9,-5e-6]}`, `{"level":"error","msg":"x","stack":"cut he`,
		`{"msg":"x","a":` + strings.Repeat(`[{"a":`, 30), `{"msg":"x","a":` + strings.Repeat(`[`, 40) + strings.Repeat(`]`, 40) + `}`,
		`{"msg":"x","a":"` + strings.Repeat("<", 700) + `","b":1}`, strings.Repeat("同", 700),
		`level=error msg=x stack="cut he`, `level=error msg=x stack="cut he\`, `level=error msg=x n=1 cut`, `level=error msg="cut he`, `level=info msg="a b" k=`, `level=info msg="\u001b[0m\"" time=3ms`, "level=\"\u2028\" msg=\xff",
		`I0923 12:34:56.789012    1234 file.go:12] "msg \"q\"" k="v"`, `E0923 12:34:56.789012 1 f.go:1] "x" o={"a":1}`,
		"2026-01-02 12:00:00,123 - app - ERROR - x", "[2026-01-02T12:00:00Z ERROR app] x", "Fri, 02 Jan 2026 12:00:00 +0000 [7] [WARN ] x",
		"10%\r20%\x1b[G30%\r\x1b[K", "\r\r \r", "{\"msg\":\"x\",\"stack\":\"a\\n\\tat b\u2028c\"}", `level=error msg=x stack="a\n\tb"`,
		"[2024-01-01T00:00:00+00:00] app.ERROR: x {} []", "E, [2024-01-01T00:00:00 #7] ERROR -- : x", "<3>x", "<999", "[E 240101 00:00:00 web:7] x",
		"a.c:3:5: fatal error: x", "nginx: [emerg] x", "[Fri Jan 02 12:00:00.1 2026] [core:error] x", "{a.py:1} ERROR - x", "a.b.CError", "::error::x",
		`{"severityNumber":17,"body":{"stringValue":"x"}}`, `{"ts":1.7e9,"msg":"x","err":"y"}`, `{"PRIORITY":"3","MESSAGE":[1]}`, `{"logLevel":"e","log_level":{}}`,
		"12:00:00 [main] ERROR c.e.App - x", "error[E0308]: x", "panic: x", "Traceback (most recent call last):",
	} {
		f.Add([]byte(seed), int64(0))
		f.Add([]byte(seed), int64(1<<40))
	}
	f.Fuzz(func(t *testing.T, line []byte, truncated int64) {
		before := bytes.Clone(line)
		got := Line(noon, line, truncated)
		checkEntry(t, got)
		if !bytes.Equal(line, before) {
			t.Error("the line was changed")
		}
		if again := Line(noon, line, truncated); !reflect.DeepEqual(got, again) {
			t.Errorf("the second time it is %+v, not %+v", again, got)
		}
		if truncated > 0 && !strings.HasSuffix(got.Message, " bytes more)") {
			t.Errorf("nothing says that the line was cut: %q", got.Message)
		}
	})
}

// checkEntry checks what holds for every entry, whatever the line.
func checkEntry(t *testing.T, entry v1alpha1.LogEntry) {
	t.Helper()
	if len(entry.Message) > MaxMessage {
		t.Errorf("a message of %d bytes", len(entry.Message))
	}
	checkText(t, entry.Message)
	switch entry.Level {
	case v1alpha1.LogDebug, v1alpha1.LogInfo, v1alpha1.LogWarn, v1alpha1.LogError:
	default:
		t.Errorf("level %q", entry.Level)
	}
	if entry.Data == nil {
		return
	}
	if len(entry.Data.Raw) > MaxData {
		t.Errorf("data of %d bytes", len(entry.Data.Raw))
	}
	decoder := json.NewDecoder(bytes.NewReader(entry.Data.Raw))
	decoder.UseNumber()
	if first, err := decoder.Token(); err != nil || first != json.Delim('{') {
		t.Fatalf("data is no object: %s (%v)", entry.Data.Raw, err)
	}
	checkObject(t, decoder, 1)
	if decoder.More() {
		t.Errorf("something follows the object: %s", entry.Data.Raw)
	}
	checkStored(t, entry.Data.Raw)
}

// withoutBreaks drops line breaks from a text.
func withoutBreaks(r rune) rune {
	if breaksLine(r) {
		return -1
	}
	return r
}

func checkText(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) || strings.IndexFunc(text, forbidden) >= 0 {
		t.Errorf("harmful text: %q", text)
	}
}

// checkObject reads the rest of an object after its brace. It checks that its names are harmless and unique.
func checkObject(t *testing.T, decoder *json.Decoder, depth int) {
	t.Helper()
	names := map[string]bool{}
	for decoder.More() {
		name, ok := checkValue(t, decoder, depth).(string)
		if !ok || names[name] {
			t.Fatalf("the name %q is there twice", name)
		}
		checkText(t, name)
		names[name] = true
		checkValue(t, decoder, depth)
	}
	if _, err := decoder.Token(); err != nil {
		t.Fatal(err)
	}
}

func checkValue(t *testing.T, decoder *json.Decoder, depth int) json.Token {
	t.Helper()
	token, err := decoder.Token()
	if err != nil {
		t.Fatal(err)
	}
	switch v := token.(type) {
	case string:
		checkText(t, strings.Map(withoutBreaks, v)) // a value keeps its line breaks
	case json.Delim:
		if depth++; depth > maxDepth {
			t.Fatalf("deeper than %d", maxDepth)
		}
		if v == '{' {
			checkObject(t, decoder, depth)
			break
		}
		for decoder.More() {
			checkValue(t, decoder, depth)
		}
		if _, err := decoder.Token(); err != nil {
			t.Fatal(err)
		}
	}
	return token
}

// checkStored passes data through the decoder and the encoder of the API server.
func checkStored(t *testing.T, raw []byte) {
	t.Helper()
	var stored map[string]any
	if err := kubejson.Unmarshal(raw, &stored); err != nil {
		t.Fatalf("Kubernetes refuses %s: %v", raw, err)
	}
	back, err := kubejson.Marshal(stored)
	if err != nil {
		t.Fatalf("Kubernetes does not give back %s: %v", raw, err)
	}
	if len(back) > len(raw) {
		t.Errorf("Kubernetes makes %d bytes of %d: %s", len(back), len(raw), raw)
	}
	if want := reading(t, raw); !reflect.DeepEqual(reading(t, back), want) {
		t.Errorf("Kubernetes gives back %s for %s", back, raw)
	}
}

// reading decodes JSON and keeps numbers as their digits.
func reading(t *testing.T, raw []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	var plain func(value any) any
	plain = func(value any) any {
		switch v := value.(type) {
		case map[string]any:
			for key := range v {
				v[key] = plain(v[key])
			}
		case []any:
			for i := range v {
				v[i] = plain(v[i])
			}
		case json.Number:
			return "number " + numbers.Digits(string(v))
		}
		return value
	}
	return plain(value)
}
