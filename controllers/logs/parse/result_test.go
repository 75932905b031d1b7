// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestResult(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                           {"", ""},
		"blanks":                            {" \n\t ", ""},
		"null":                              {"null", ""},
		"an object":                         {`{"rows": 42, "ok": true}` + "\n", `{"ok":true,"rows":42}`},
		"a list":                            {`[1, null, "a"]`, `[1,null,"a"]`},
		"a number":                          {"42", "42"},
		"a number to the last digit":        {`{"n":0.1,"m":1e3}`, `{"m":1000,"n":0.1}`},
		"a number of more than 64 bits":     {`{"n":12345678901234567890}`, `{"n":"12345678901234567890"}`},
		"such a number alone":               {"12345678901234567890", `"12345678901234567890"`},
		"a boolean":                         {"false", "false"},
		"a JSON string":                     {`"done"`, `"done"`},
		"a word":                            {"done", `"done"`},
		"two values":                        {`{} {}`, `"{} {}"`},
		"JSON whose end is missing":         {`{"a":`, `"{\"a\":"`},
		"JSON whose beginning is missing":   {`"a":1}`, `"\"a\":1}"`},
		"lines":                             {"a\nb\r\nc", `"a\nb\r\nc"`},
		"colours":                           {"\x1b[31mred\x1b[0m", `"red"`},
		"a NUL and a bell":                  {"a\x00b\ac", `"abc"`},
		"bytes that are no UTF-8":           {"a\xff\xfeb", `"a` + "\ufffd\ufffd" + `b"`},
		"what an escape hides in a value":   {`{"a":"\u001b[31mred\u0000"}`, `{"a":"red"}`},
		"what an escape hides in a name":    {`{"\u001b[31ma":1}`, `{"a":1}`},
		"half of a pair":                    {`"\ud800"`, `"` + "\ufffd" + `"`},
		"a script":                          {"<script>", `"\u003cscript\u003e"`},
		"同步":                                {"完成", `"完成"`},
		"the same name twice":               {`{"a":1,"a":2}`, `{"a":2}`},
		"a text that turns round (bidi)":    {"a\u202eb", "\"a\u202eb\""},
		"a number that no computer can say": {"1e999999", `"1e999999"`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(Result(c.text)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// A result is data: it stays exactly as the program wrote it.
func TestCase32ResultStaysAsItWasWritten(t *testing.T) {
	for name, text := range map[string]string{
		"lines":                      "a\nb\r\nc\td\vf\fg",
		"lines of Unicode":           "a\u2028b\u2029c\u0085d",
		"spaces that do not break":   "\u00a010\u00a0000\u202f€\u00a0",
		"marks of direction":         "\u200fשלום\u200e \u2067abc\u2069 \u202ba\u202c \u061c",
		"a mark of order within":     "a\ufeffb",
		"joiners and variants":       "👩\u200d💻 ❤\ufe0f न\u200cन \u2060",
		"an indented list":           "  - a\n  - b",
		"spaces at the end":          "a  ",
		"blank lines within":         "a\n\n\nb",
		"what markup is made of":     `<a href="x">&amp;</a>`,
		"what looks like an escape":  `C:\new\table`,
		"nothing that stands for it": "\ufffd",
	} {
		for form, written := range map[string]struct{ text, at string }{
			"as text":             {text, "%s"},
			"as a line":           {text + "\n", "%s"},
			"in a JSON string":    {`{"k":` + quoted(t, text) + `}`, `{"k":%s}`},
			"in a list":           {`[` + quoted(t, text) + "]\n", `[%s]`},
			"as a name":           {`{` + quoted(t, text) + `:1}`, `{%s:1}`},
			"deep within":         {strings.Repeat("[", 14) + quoted(t, text) + strings.Repeat("]", 14), strings.Repeat("[", 14) + "%s" + strings.Repeat("]", 14)},
			"after a mark (BOM)":  {"\ufeff" + `{"k":` + quoted(t, text) + `}`, `{"k":%s}`},
			"written by a Python": {`{"k":` + strconv.QuoteToASCII(text) + `}`, `{"k":%s}`},
		} {
			if form == "written by a Python" && strings.ContainsAny(text, "👩💻\v") {
				continue // Go does not encode these as JSON
			}
			t.Run(name+" "+form, func(t *testing.T) {
				if got, want := string(Result(written.text)), fmt.Sprintf(written.at, quoted(t, text)); got != want {
					t.Errorf("%q became %s, want %s", written.text, got, want)
				}
			})
		}
	}
	if got := string(Result("\u00a0")); got != "\"\u00a0\"" {
		t.Errorf("a space that does not break is %s", got)
	}
}

// quoted returns a text as a JSON string.
func quoted(t *testing.T, text string) string {
	t.Helper()
	raw, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// A value that is nested too deeply becomes a text, and none of it is lost.
func TestCase32DeepResultIsWhole(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 20) + `"` + strings.Repeat("x", 3500) + `\n."` + strings.Repeat("}", 20)
	var value any = map[string]any{}
	if err := json.Unmarshal(Result(deep), &value); err != nil {
		t.Fatal(err)
	}
	for range maxDepth {
		object, ok := value.(map[string]any)
		if !ok {
			t.Fatalf("there is %T", value)
		}
		value = object["a"]
	}
	if text, ok := value.(string); !ok || !strings.Contains(deep, text) || !strings.Contains(text, strings.Repeat("x", 3500)+`\n.`) {
		t.Errorf("at the bottom there is %q", value)
	}
}

func TestMended(t *testing.T) {
	const whole = "a同b👩‍💻"
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                  {"", ""},
		"nothing broken":           {whole, whole},
		"one byte missing":         {"同b"[1:], "b"},
		"two bytes missing":        {"同b"[2:], "b"},
		"three of four missing":    {"👩b"[3:], "b"},
		"as the API server writes": {"\ufffd\ufffd\ufffdb", "b"},
		"not more than a rune":     {"\ufffd\ufffd\ufffd\ufffdb", "\ufffdb"},
		"at the end":               {"b同"[:3], "b"},
		"four, at the end":         {"b👩"[:4], "b"},
		"at the end, replaced":     {"b\ufffd\ufffd", "b"},
		"at both ends":             {"同b👩"[1:6], "b"},
		"nothing else":             {"同"[1:], ""},
		"in the middle stays":      {"a\xffb", "a\xffb"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Mended(c.text); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestResultIsNestedAtMostSixteenDeep(t *testing.T) {
	raw := Result(strings.Repeat("[", 2000) + strings.Repeat("]", 2000))
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		t.Fatal(err)
	}
	depth := 0
	for list, ok := value.([]any); ok && len(list) > 0; list, ok = list[0].([]any) {
		depth++
	}
	if depth == 0 || depth > maxDepth {
		t.Errorf("nested %d deep", depth)
	}
}

func FuzzResult(f *testing.F) {
	for _, seed := range []string{`{"a":[1,{"b":null}]}`, "1e20", "\x1b]0;x\a", "\xff", `"\u0000"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		raw := Result(text)
		if raw == nil {
			return
		}
		if !json.Valid(raw) || !utf8.Valid(raw) {
			t.Fatalf("%q became %q", text, raw)
		}
		if len(raw) > 2+6*len(text) && !strings.ContainsAny(text, "eE") {
			t.Fatalf("%d bytes became %d", len(text), len(raw))
		}
		var value any
		if err := json.Unmarshal(raw, &value); err != nil {
			t.Fatal(err)
		}
		var walk func(value any)
		walk = func(value any) {
			switch v := value.(type) {
			case string:
				if strings.ContainsFunc(v, func(r rune) bool { return forbidden(r) && !inResult(r) }) {
					t.Fatalf("%q kept a character that is forbidden: %q", text, v)
				}
			case []any:
				for _, child := range v {
					walk(child)
				}
			case map[string]any:
				for key, child := range v {
					walk(key)
					walk(child)
				}
			}
		}
		walk(value)
	})
}
