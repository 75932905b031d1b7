// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

const sync = `{"type":"object","required":["mid"],"additionalProperties":false,"properties":{
	"mid":{"type":"integer","minimum":1},
	"force":{"type":"boolean","default":false},
	"ratio":{"type":"number"},
	"window":{"type":"object","properties":{"days":{"type":"integer","default":7}}},
	"mode":{"$ref":"#/$defs/mode"},
	"to":{"type":"string","format":"email"}},
	"$defs":{"mode":{"enum":["fast","slow"],"default":"fast"}}}`

func TestApply(t *testing.T) {
	for name, c := range map[string]struct {
		schema, given, want, problems string
	}{
		"no schema takes any object":         {"", `{"a":[1]}`, `{"a":[1]}`, ""},
		"no params are an empty object":      {"", "", `{}`, ""},
		"no schema takes no list":            {"", `[1]`, "", "params must be a JSON object"},
		"defaults are put in":                {sync, `{"mid":1}`, `{"force":false,"mid":1,"mode":"fast"}`, ""},
		"nested defaults need their object":  {sync, `{"mid":1,"window":{}}`, `{"force":false,"mid":1,"mode":"fast","window":{"days":7}}`, ""},
		"what is given beats a default":      {sync, `{"mid":1,"force":true,"mode":"slow"}`, `{"force":true,"mid":1,"mode":"slow"}`, ""},
		"numbers keep their form":            {"", `{"a":12345678901234567890,"b":1.0,"c":1e3}`, `{"a":12345678901234567890,"b":1.0,"c":1e3}`, ""},
		"a missing field is named":           {sync, `{}`, "", "/mid: is required"},
		"an unknown field is named":          {sync, `{"mid":1,"x/y":1}`, "", "/x~1y: is not a parameter of this task"},
		"a wrong type is named":              {sync, `{"mid":"x"}`, "", "/mid: must be an integer, not a string"},
		"each field has its error":           {sync, `{"mid":0,"force":1}`, "", "/force: must be a boolean, not a number; /mid: must be at least 1, not 0"},
		"a nested field has its pointer":     {sync, `{"mid":1,"window":{"days":"x"}}`, "", "/window/days: must be an integer, not a string"},
		"formats are checked":                {sync, `{"mid":1,"to":"nobody"}`, "", "/to: is not a valid email: missing @"},
		"an angle bracket stays itself":      {"", `{"a":"<&>"}`, `{"a":"<&>"}`, ""},
		"truncated JSON":                     {sync, `{"mid":`, "", "not valid JSON at byte 7: it ends too early"},
		"two values":                         {sync, `{"mid":1} {}`, "", "there is more text after"},
		"duplicate keys":                     {sync, `{"mid":1,"mid":2}`, "", `the key "mid" is twice`},
		"invalid UTF-8":                      {sync, "{\"mid\":\"\xff\"}", "", "not valid UTF-8"},
		"a number that would eat the memory": {sync, `{"mid":1,"ratio":1e999999999}`, "", "out of range"},
		"one that is as small":               {sync, `{"mid":1,"ratio":1e-999999999}`, "", "out of range"},
		"deep nesting":                       {"", `{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, "", "nested deeper"},
		"too large":                          {"", `{"a":"` + strings.Repeat("x", v1alpha1.MaxParamsBytes) + `"}`, "", "but a container gets"},
	} {
		t.Run(name, func(t *testing.T) {
			schema, err := Compile([]byte(c.schema))
			if err != nil {
				t.Fatal(err)
			}
			got, problems := schema.Apply([]byte(c.given))
			if string(got) != c.want {
				t.Errorf("effective params %s, want %s", got, c.want)
			}
			if (c.problems == "") != (len(problems) == 0) || !strings.Contains(problems.Error(), c.problems) {
				t.Errorf("problems %q, want %q", problems.Error(), c.problems)
			}
		})
	}
}

func TestDefaultsAreNotShared(t *testing.T) {
	schema, err := Compile([]byte(`{"properties":{"list":{"default":[{"a":1}]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	first, _ := schema.Apply(nil)
	second, _ := schema.Apply(nil)
	if string(first) != `{"list":[{"a":1}]}` || string(second) != string(first) {
		t.Errorf("got %s, then %s", first, second)
	}
}

func TestManyProblemsAreBounded(t *testing.T) {
	given := map[string]int{}
	for i := range 1000 {
		given[strings.Repeat("x", i+1)] = 1
	}
	raw, err := json.Marshal(map[string]any{"short": 1})
	if err != nil {
		t.Fatal(err)
	}
	schema, err := Compile([]byte(`{"type":"object","additionalProperties":{"type":"string"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, problems := schema.Apply(raw); len(problems) != 1 {
		t.Errorf("%d problems, want 1", len(problems))
	}
	many := []byte("{")
	for i := range 200 {
		if i > 0 {
			many = append(many, ',')
		}
		many = append(many, []byte(`"k`+strings.Repeat("y", i)+`":1`)...)
	}
	_, problems := schema.Apply(append(many, '}'))
	if len(problems) != maxProblems+1 || !strings.Contains(problems.Error(), "and 100 more") {
		t.Errorf("%d problems: %s", len(problems), problems[len(problems)-1].Message)
	}
}

func TestCompile(t *testing.T) {
	for name, c := range map[string]struct{ schema, says string }{
		"not JSON":                 {`{`, "not valid JSON"},
		"not an object":            {`[]`, "must be a JSON object"},
		"an unknown type":          {`{"type":"nonsense"}`, "/type: "},
		"a reference to a file":    {`{"$ref":"file:///etc/passwd"}`, "only references within it are allowed"},
		"a reference to a host":    {`{"$ref":"http://example.com/schema"}`, "only references within it are allowed"},
		"a reference to nothing":   {`{"$ref":"#/$defs/none"}`, "none"},
		"a pattern that is broken": {`{"properties":{"a":{"pattern":"("}}}`, "regex"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Compile([]byte(c.schema))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an error that says %q", err, c.says)
			}
		})
	}
}

func FuzzApply(f *testing.F) {
	for _, seed := range []string{`{}`, `{"mid":1}`, `{"mid":1e400}`, `[`, `{"a":{"b":[null,true,"\u0000"]}}`, "{\"\xff\":1}", `{"mid":-0.0e-12}`} {
		f.Add([]byte(seed))
	}
	schema, err := Compile([]byte(sync))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, given []byte) {
		for _, s := range []*Schema{schema, {}} {
			effective, problems := s.Apply(given)
			if (effective == nil) == (len(problems) == 0) {
				t.Fatalf("effective %s, problems %v", effective, problems)
			}
			if effective == nil {
				continue
			}
			again, problems := s.Apply(effective)
			if len(problems) > 0 || string(again) != string(effective) {
				t.Fatalf("%s is not stable: %s %v", effective, again, problems)
			}
		}
	})
}

// FuzzCompile checks that nothing panics and that problems are within their bounds, whatever the schema and the params.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		sync, `true`, `{"$ref":"#"}`, `{"$dynamicRef":"#a"}`, `{"$id":"x","$ref":"x#/y"}`, `{"$schema":"http://json-schema.org/draft-07/schema#"}`,
		`{"properties":{"a":{"$ref":"#"}},"default":{}}`, `{"allOf":[{"$ref":"#/allOf/1"},{"not":{}}]}`, `{"pattern":"(?=a)"}`,
		`{"items":{"multipleOf":1e-300}}`, `{"minimum":1e308,"maximum":-1e308}`, `{"contains":{},"minContains":1e9}`,
	} {
		f.Add([]byte(seed), []byte(`{"a":{"a":[1,1.0,"x",null]}}`))
	}
	f.Fuzz(func(t *testing.T, schema, given []byte) {
		compiled, err := Compile(schema)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error that says nothing")
			}
			return
		}
		effective, problems := compiled.Apply(given)
		if (effective == nil) == (len(problems) == 0) || len(problems) > maxProblems+1 {
			t.Fatalf("effective %s, problems %v", effective, problems)
		}
		if again, problemsAgain := compiled.Apply(given); string(again) != string(effective) || problemsAgain.Error() != problems.Error() {
			t.Fatalf("%s %v, and the second time %s %v", effective, problems, again, problemsAgain)
		}
	})
}
