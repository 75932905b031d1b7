// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/phrases"
)

// asAPIServer returns JSON as the API server returns it: decoded on write and on read, and with "<" in six bytes.
func asAPIServer(t testing.TB, raw []byte) []byte {
	t.Helper()
	for range 2 {
		var value any
		if err := utiljson.Unmarshal(raw, &value); err != nil {
			t.Fatal(err)
		}
		stored, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		raw = stored
	}
	return raw
}

// The size limit counts the JSON that the container gets, in whatever form it was sent.
func TestCase31SizeIsThatOfTheContainersJSON(t *testing.T) {
	most := v1alpha1.MaxParamsBytes - len(`{"a":""}`)
	for name, c := range map[string]struct {
		value string
		fits  bool
	}{
		"as large as is allowed":     {strings.Repeat("x", most), true},
		"one byte more":              {strings.Repeat("x", most+1), false},
		"all that HTML escapes":      {strings.Repeat("<", most), true},
		"one more of it":             {strings.Repeat("&", most+1), false},
		"three bytes of Chinese":     {strings.Repeat("同", most/3), true},
		"a line separator is six":    {strings.Repeat("\u2028", most/6), true},
		"and not three":              {strings.Repeat("\u2028", most/6+1), false},
		"a control character is six": {strings.Repeat("\x01", most/6+1), false},
	} {
		t.Run(name, func(t *testing.T) {
			plain, err := encode(map[string]any{"a": c.value})
			if err != nil {
				t.Fatal(err)
			}
			spaced := append([]byte(strings.Repeat(" ", 1000)), plain...)
			for form, given := range map[string][]byte{"as it is": plain, "with space": spaced, "from the API server": asAPIServer(t, plain)} {
				if _, problems := new(Schema).Apply(given); (len(problems) == 0) != c.fits {
					t.Errorf("%s, %d bytes: %v", form, len(given), problems)
				}
				received, problems := new(Schema).Receive(given)
				if (len(problems) == 0) != c.fits {
					t.Errorf("received %s: %v", form, problems)
				}
				if c.fits && string(received.Effective) != string(plain) {
					t.Errorf("received %s: the container gets other JSON", form)
				}
			}
		})
	}
}

// The controller accepts whatever the facade accepts, and both give the container the same.
func FuzzReceive(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{"mid":1.0e0}`, `{"mid":1,"ratio":12345678901234567.89}`, `{"mid":1e19}`, `{"a":"<&>\u2028"}`, `{"a":-0.0,"b":[1e3,{"c":1.50}]}`,
		`{"password":"x","pin":12345678901234567890}`, `{"a":"\ud800"}`, `{"pin":1.50}`,
	} {
		f.Add([]byte(seed))
	}
	schemas := []*Schema{{}}
	for _, text := range []string{sync, login} {
		schema, err := Compile([]byte(text))
		if err != nil {
			f.Fatal(err)
		}
		schemas = append(schemas, schema)
	}
	f.Fuzz(func(t *testing.T, given []byte) {
		for _, s := range schemas {
			received, problems := s.Receive(given)
			if len(problems) > 0 {
				continue
			}
			stored := received.Plain
			if len(stored) > 0 {
				stored = asAPIServer(t, stored)
			}
			if lost := Unstorable(stored); len(lost) > 0 {
				t.Fatalf("%s: the controller finds %v", given, lost)
			}
			joined := stored
			if len(received.Secret) > 0 {
				if joined, problems = s.Join(stored, received.Secret); len(problems) > 0 {
					t.Fatalf("%s: the controller finds %v", given, problems)
				}
			}
			effective, problems := s.Apply(joined)
			if len(problems) > 0 {
				t.Fatalf("%s: the controller finds %v", given, problems)
			}
			if effective, _, problems = s.Split(effective); len(problems) > 0 || string(effective) != string(received.Effective) {
				t.Fatalf("%s: the facade foresees %s, the controller makes %s %v", given, received.Effective, effective, problems)
			}
		}
	})
}

func TestCase31NumbersThatWouldLoseDigitsAreRefused(t *testing.T) {
	for given, says := range map[string]string{
		`{"a":12345678901234567.89}`:       "/a: is a number with more digits than Kubernetes keeps, about 16; send it as a string",
		`{"a":[{"b":9007199254740993.0}]}`: "/a/0/b: is a number with more digits",
		`{"a":12345678901234567890}`:       "/a: is a whole number of more than 64 bits",
		`{"a":1e19}`:                       "/a: is a whole number of more than 64 bits",
		`{"a":1.8e308}`:                    "/a: is a number too large",
		`{"a":9007199254740993}`:           "",
		`{"a":0.30000000000000004}`:        "",
		`{"a":"12345678901234567.89"}`:     "",
	} {
		_, problems := new(Schema).Receive([]byte(given))
		if (len(problems) == 0) != (says == "") || !strings.Contains(problems.Error(), says) {
			t.Errorf("%s: %v, want %q", given, problems, says)
		}
	}
	// A controller sees the rest of the number: a whole number that an int64 cannot hold.
	if problems := Unstorable(asAPIServer(t, []byte(`{"a":12345678901234567890}`))); len(problems) != 1 {
		t.Errorf("the controller takes it: %v", problems)
	}
	// A sensitive number is stored as text in a Secret and keeps its digits.
	schema, err := Compile([]byte(`{"properties":{"pin":{"type":"number","writeOnly":true}}}`))
	if err != nil {
		t.Fatal(err)
	}
	received, problems := schema.Receive([]byte(`{"pin":12345678901234567.89}`))
	if len(problems) > 0 || string(received.Secret["pin"]) != "12345678901234567.89" {
		t.Errorf("%s %v", received.Secret["pin"], problems)
	}
}

func TestCase31JSONWithTwoMeaningsIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ given, says string }{
		"half a pair":                   {`{"a":"\ud83d"}`, "half of a surrogate pair"},
		"the other half":                {`{"a":"\ude00"}`, "half of a surrogate pair"},
		"in the wrong order":            {`{"a":"\ude00\ud83d"}`, "half of a surrogate pair"},
		"half a pair and a letter":      {`{"a":"\ud83dx\ude00"}`, "half of a surrogate pair"},
		"in a name":                     {`{"\uD83D":1}`, "half of a surrogate pair"},
		"at the end of many":            {`{"a":"\ud83d\ude00\ud83d"}`, "half of a surrogate pair"},
		"after a backslash that is one": {`{"a":"\\\ud800"}`, "half of a surrogate pair"},
		"a whole pair":                  {`{"a":"\ud83d\ude00"}`, ""},
		"a text that looks like one":    {`{"a":"\\ud800"}`, ""},
		"the replacement character":     {`{"a":"\ufffd"}`, ""},
		"a key twice":                   {`{"a":1,"a":1}`, `"a" is twice`},
		"a key twice, deep":             {`{"a":[{"b":{"c":1,"c":2}}]}`, `"c" is twice`},
		"a key twice, in two spellings": {`{"a":1,"\u0061":2}`, `"a" is twice`},
		"the same key in two objects":   {`{"a":{"b":1},"c":{"b":1}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := new(Schema).Receive([]byte(c.given))
			if (len(problems) == 0) != (c.says == "") || !strings.Contains(problems.Error(), c.says) {
				t.Errorf("%v, want %q", problems, c.says)
			}
			if problem := CheckJSON([]byte(c.given)); (problem == "") != (c.says == "") || !strings.Contains(problem, c.says) {
				t.Errorf("CheckJSON: %q, want %q", problem, c.says)
			}
		})
	}
}

func TestCase31ParamsOfOneVariable(t *testing.T) {
	three := `{"properties":{"a-b":{},"a.b":{},"A_B":{},"mid":{}}}`
	for name, c := range map[string]struct {
		schema string
		given  []string
		want   map[string]string
		says   []string
	}{
		"all are declared": {three, []string{"A_B", "a-b", "a.b", "mid"}, map[string]string{"mid": "TASK_PARAM_MID"}, []string{
			`the params "A_B", "a-b", "a.b" would share the variable TASK_PARAM_A_B, so none of them has it; they are only in TASK_PARAMS`,
		}},
		"one of several is given": {three, []string{"a-b"}, map[string]string{}, []string{`the params "A_B", "a-b", "a.b" would share the variable`}},
		"none is declared":        {"", []string{"a-b", "a.b"}, map[string]string{}, []string{`the params "a-b", "a.b" would share the variable`}},
		"one is declared": {`{"properties":{"a-b":{}}}`, []string{"a-b", "a.b"}, map[string]string{"a-b": "TASK_PARAM_A_B"}, []string{
			`the param "a.b" has no variable, because TASK_PARAM_A_B belongs to the param "a-b"; it is only in TASK_PARAMS`,
		}},
		"the declared one is not given": {`{"properties":{"a-b":{}}}`, []string{"a.b"}, map[string]string{}, []string{`belongs to the param "a-b"`}},
		"declared by required":          {`{"required":["a-b"]}`, []string{"a-b", "a.b"}, map[string]string{"a-b": "TASK_PARAM_A_B"}, []string{`belongs to the param "a-b"`}},
		"declared in a form of several": {`{"oneOf":[{"required":["a-b"]},{"$ref":"#/$defs/x"}],"$defs":{"x":{"properties":{"a.b":{}}}}}`, []string{"a-b"}, map[string]string{}, []string{`"a-b", "a.b" would share`}},
		"nothing that a name can have":  {`{"properties":{"姓":{},"名":{}}}`, []string{"名", "姓"}, map[string]string{}, []string{`the param "名" has no variable, because its name has no letter`, `the param "姓" has no variable`}},
		"something of it":               {`{"properties":{"用户id":{}}}`, []string{"用户id"}, map[string]string{"用户id": "TASK_PARAM___ID"}, nil},
		"a name of nothing":             {"", []string{""}, map[string]string{}, []string{`the param "" has no variable`}},
		"ordinary names":                {sync, []string{"mid", "user-id"}, map[string]string{"mid": "TASK_PARAM_MID", "user-id": "TASK_PARAM_USER_ID"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			schema, err := Compile([]byte(c.schema))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, schema.Variables(c.given)); diff != "" {
				t.Error(diff)
			}
			warnings := schema.Warnings(c.given, phrases.English)
			if len(warnings) != len(c.says) {
				t.Fatalf("warnings %q, want %q", warnings, c.says)
			}
			for i, says := range c.says {
				if !strings.Contains(warnings[i], says) {
					t.Errorf("warning %q, want %q", warnings[i], says)
				}
			}
		})
	}
}

func TestCase31ParametersThatNobodyCanSatisfy(t *testing.T) {
	for name, c := range map[string]struct{ schema, says string }{
		"an array":                          {`{"type":"array"}`, "it has the type an array, but params are always an object"},
		"several types without object":      {`{"type":["array","string"]}`, "params are always an object"},
		"an array by reference":             {`{"$ref":"#/$defs/a","$defs":{"a":{"type":"array"}}}`, "params are always an object"},
		"an array in allOf":                 {`{"allOf":[{},{"type":"string"}]}`, "params are always an object"},
		"false in allOf":                    {`{"allOf":[false]}`, "it is false"},
		"false by reference":                {`{"$ref":"#/$defs/a","$defs":{"a":false}}`, "it is false"},
		"not everything":                    {`{"not":{}}`, "it excludes everything"},
		"not true":                          {`{"not":true}`, "it excludes everything"},
		"not anything described":            {`{"not":{"description":"x"}}`, "it excludes everything"},
		"no form is possible":               {`{"oneOf":[{"type":"array"},false]}`, "none of its forms"},
		"an enum without an object":         {`{"enum":["a",1]}`, "must be one of"},
		"a const that is none":              {`{"const":5}`, "must be one of 5"},
		"an enum that the rest refuses":     {`{"enum":[{"a":1}],"properties":{"a":{"type":"string"}}}`, "none of these matches the rest"},
		"more fields than there may be":     {`{"minProperties":3,"maxProperties":2}`, "at least 3 fields and at most 2"},
		"more are required":                 {`{"required":["a","b"],"maxProperties":1}`, "at least 2 fields, the required ones, and at most 1"},
		"a required false":                  {`{"required":["x"],"properties":{"x":false}}`, `"x" is required, but its schema fits no value: it is false`},
		"a required field that is refused":  {`{"required":["x"],"properties":{"y":{}},"additionalProperties":false}`, `"x" is required, but is not an allowed field`},
		"a required name that is refused":   {`{"required":["x"],"propertyNames":{"minLength":2}}`, `"x" is required, but is not`},
		"required without a possible type":  {`{"required":["x"],"properties":{"x":{"type":"string","allOf":[{"type":"integer"}]}}}`, "types that exclude each other"},
		"required within limits of none":    {`{"required":["x"],"properties":{"x":{"type":"integer","minimum":5,"maximum":4}}}`, "no number is above its lower limit 5 and below its upper limit 4"},
		"required and below itself":         {`{"required":["x"],"properties":{"x":{"type":"number","minimum":5,"exclusiveMaximum":5}}}`, "no number"},
		"required, longer than allowed":     {`{"required":["x"],"properties":{"x":{"type":"string","minLength":5,"maxLength":4}}}`, "at least 5 characters and at most 4"},
		"required, more items than":         {`{"required":["x"],"properties":{"x":{"type":"array","minItems":5,"maxItems":4}}}`, "at least 5 items and at most 4"},
		"required in what is required":      {`{"required":["x"],"properties":{"x":{"type":"object","required":["y"],"properties":{"y":false}}}}`, `"y" is required`},
		"a default of another type":         {`{"properties":{"x":{"type":"integer","default":"5"}}}`, "the default of /x does not match its own schema: must be an integer, not a string"},
		"a default out of its limits":       {`{"properties":{"x":{"maximum":4,"default":5}}}`, "the default of /x does not match its own schema: must be at most 4, not 5"},
		"a default that is not in its enum": {`{"properties":{"x":{"$ref":"#/$defs/mode","default":"z"}},"$defs":{"mode":{"enum":["x","y"]}}}`, `must be one of "x", "y"`},
		"a default deep within":             {`{"properties":{"x":{"properties":{"y":{"type":"string","default":1}}}}}`, "the default of /x/y "},
		"a default that another refuses":    {`{"properties":{"x":{"default":5}},"allOf":[{"properties":{"x":{"maximum":4}}}]}`, "the default of /x "},
		"a default that lost its digits":    {`{"properties":{"x":{"default":12345678901234567000}}}`, "the default of /x is a whole number of more than 64 bits"},

		"an ordinary one":           {sync, ""},
		"nothing":                   {``, ""},
		"an empty one":              {`{}`, ""},
		"object among types":        {`{"type":["object","array"]}`, ""},
		"a form that is possible":   {`{"anyOf":[{"type":"array"},{"type":"object"}]}`, ""},
		"an optional false":         {`{"properties":{"x":false}}`, ""},
		"an optional contradiction": {`{"properties":{"x":{"minimum":5,"maximum":4}}}`, ""},
		"limits that meet":          {`{"required":["x"],"properties":{"x":{"minimum":5,"maximum":5}}}`, ""},
		"limits of one type of two": {`{"required":["x"],"properties":{"x":{"type":["integer","string"],"minimum":5,"maximum":4}}}`, ""},
		"an enum of an object":      {`{"enum":[{},"x"]}`, ""},
		"required by a pattern":     {`{"required":["x"],"patternProperties":{"^x":{}},"additionalProperties":false}`, ""},
		"a default in a condition":  {`{"if":{"properties":{"x":{"type":"integer","default":"x"}}}}`, ""},
		"a default that fits":       {`{"properties":{"x":{"type":"integer","default":5}}}`, ""},
		"not something":             {`{"not":{"required":["x"]}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Compile([]byte(c.schema))
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

// FuzzHopeless checks that a schema that is refused as unsatisfiable accepts none of many values.
func FuzzHopeless(f *testing.F) {
	for _, seed := range []string{
		`{"required":["x"],"properties":{"x":{"minimum":5,"maximum":4}}}`, `{"allOf":[{"maxProperties":1},{"minProperties":2}]}`, `{"oneOf":[{"type":"array"},false]}`,
		`{"enum":[{"x":1}],"properties":{"x":{"type":"string"}}}`, `{"required":["x"],"additionalProperties":false}`, `{"not":{"title":"x"}}`,
		`{"required":["x"],"properties":{"x":{"anyOf":[{"type":"string","minLength":2,"maxLength":1},{"type":"null"}]}}}`,
	} {
		f.Add([]byte(seed), []byte(`{"x":7}`))
	}
	f.Fuzz(func(t *testing.T, schema, given []byte) {
		_, err := Compile(schema)
		if err == nil || !strings.HasPrefix(err.Error(), "no params can satisfy") {
			return
		}
		compiled, err := compileUnjudged(schema)
		if err != nil {
			t.Fatal(err)
		}
		for _, params := range append([][]byte{given}, []byte(`{}`), []byte(`{"x":1}`), []byte(`{"x":"a"}`), []byte(`{"x":[1,2]}`), []byte(`{"x":{"x":null},"y":true}`)) {
			value, problem := decode(params)
			if _, isObject := value.(map[string]any); problem == "" && isObject && compiled.Validate(value) == nil {
				t.Fatalf("%s satisfies %s", params, schema)
			}
		}
	})
}
