package parse

import (
	"encoding/json"
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
		"lines":                             {"a\nb\r\nc", `"a b c"`},
		"colours":                           {"\x1b[31mred\x1b[0m", `"red"`},
		"a NUL and a bell":                  {"a\x00b\ac", `"abc"`},
		"bytes that are no UTF-8":           {"a\xff\xfeb", `"a` + "\ufffd\ufffd" + `b"`},
		"what an escape hides in a value":   {`{"a":"\u001b[31mred\u0000"}`, `{"a":"red"}`},
		"what an escape hides in a name":    {`{"\u001b[31ma":1}`, `{"a":1}`},
		"half of a pair":                    {`"\ud800"`, `"` + "\ufffd" + `"`},
		"a script":                          {"<script>", `"\u003cscript\u003e"`},
		"同步":                                {"完成", `"完成"`},
		"the same name twice":               {`{"a":1,"a":2}`, `{"a":2}`},
		"a text that turns round (bidi)":    {"a\u202eb", `"ab"`},
		"a number that no computer can say": {"1e999999", `"1e999999"`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(Result(c.text)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
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
				if strings.IndexFunc(v, forbidden) >= 0 {
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
