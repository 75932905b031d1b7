// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// The message for each keyword continues the name of the field.
func TestSentences(t *testing.T) {
	for name, c := range map[string]struct{ property, given, want string }{
		"type":             {`{"type":"integer"}`, `"1"`, "must be an integer, not a string"},
		"types":            {`{"type":["integer","null"]}`, `[]`, "must be null or an integer, not an array"},
		"enum":             {`{"enum":["fast",2,null]}`, `1`, `must be one of "fast", 2, null`},
		"const":            {`{"const":{"a":1}}`, `1`, `must be {"a":1}`},
		"pattern":          {`{"pattern":"^a+$"}`, `"b"`, `does not match the pattern "^a+$"`},
		"format":           {`{"format":"date"}`, `"yesterday"`, "is not a valid date: "},
		"false":            {`false`, `1`, "is not allowed"},
		"not":              {`{"not":{"type":"string"}}`, `"x"`, "has an excluded form"},
		"minimum":          {`{"minimum":1.5}`, `1`, "must be at least 1.5, not 1"},
		"maximum":          {`{"maximum":5}`, `12345678901234567890`, "must be at most 5, not 12345678901234567890"},
		"exclusiveMinimum": {`{"exclusiveMinimum":0}`, `0`, "must be more than 0, not 0"},
		"exclusiveMaximum": {`{"exclusiveMaximum":0}`, `0`, "must be less than 0, not 0"},
		"multipleOf":       {`{"multipleOf":0.1}`, `0.25`, "must be a multiple of 0.1, but 0.25 is not"},
		"minLength":        {`{"minLength":2}`, `"é"`, "must have at least 2 characters, not 1"},
		"maxLength":        {`{"maxLength":0}`, `"é"`, "must have at most 0 characters, not 1"},
		"minItems":         {`{"minItems":1}`, `[]`, "must have at least 1 items, not 0"},
		"maxItems":         {`{"maxItems":1}`, `[1,2]`, "must have at most 1 items, not 2"},
		"minProperties":    {`{"minProperties":1}`, `{}`, "must have at least 1 fields, not 0"},
		"maxProperties":    {`{"maxProperties":0}`, `{"a":1}`, "must have at most 0 fields, not 1"},
		"uniqueItems":      {`{"uniqueItems":true}`, `[1,2,1.0]`, "must not repeat an item, but items 0 and 2 are equal"},
		"contains":         {`{"contains":{"type":"string"}}`, `[1]`, "has no item of the required form"},
		"anyOf": {
			`{"anyOf":[{"type":"integer"},{"type":"object","required":["id"]}]}`, `{"x":1}`,
			"matches none of the allowed forms: (/id: is required) or (must be an integer, not an object)",
		},
		"oneOf": {`{"oneOf":[{"minimum":1},{"minimum":2}]}`, `3`, "matches more than one form"},
	} {
		t.Run(name, func(t *testing.T) {
			schema, err := Compile([]byte(`{"properties":{"p":` + c.property + `}}`))
			if err != nil {
				t.Fatal(err)
			}
			_, problems := schema.Apply([]byte(`{"p":` + c.given + `}`))
			if len(problems) != 1 || problems[0].Pointer != "/p" || !strings.HasPrefix(problems[0].Message, c.want) {
				t.Errorf("got %q, want one at /p: %s", problems.Error(), c.want)
			}
		})
	}
}

func TestDependentFieldsArePointedTo(t *testing.T) {
	schema, err := Compile([]byte(`{"dependentRequired":{"user":["password","host"]}}`))
	if err != nil {
		t.Fatal(err)
	}
	_, problems := schema.Apply([]byte(`{"user":"a"}`))
	if want := `/host: is required when "user" is given; /password: is required when "user" is given`; problems.Error() != want {
		t.Errorf("got %s, want %s", problems, want)
	}
}

func TestNamesAreJudged(t *testing.T) {
	schema, err := Compile([]byte(`{"propertyNames":{"pattern":"^[a-z]+$"}}`))
	if err != nil {
		t.Fatal(err)
	}
	_, problems := schema.Apply([]byte(`{"a b":1}`))
	if want := `/a b: has a name that is not allowed`; problems.Error() != want {
		t.Errorf("got %s, want %s", problems, want)
	}
}

// A message may repeat the given value, which may be long.
func TestMessagesAreBounded(t *testing.T) {
	long := strings.Repeat("é", 20000)
	schema, err := Compile([]byte(`{"properties":{"p":{"const":"` + long + `"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	_, problems := schema.Apply([]byte(`{"p":"x"}`))
	if len(problems) != 1 || utf8.RuneCountInString(problems[0].Message) != maxMessage+1 || !utf8.ValidString(problems[0].Message) {
		t.Errorf("got %q", problems.Error())
	}
}
