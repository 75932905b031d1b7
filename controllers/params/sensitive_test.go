// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const login = `{"type":"object","required":["user","password"],"properties":{
	"user":{"type":"string"},
	"password":{"type":"string","minLength":8,"pattern":"^[a-z0-9$\" ]+$","writeOnly":true},
	"pin":{"type":"integer","minimum":1000,"writeOnly":true},
	"once":{"type":"boolean","writeOnly":true},
	"writeOnly":{"type":"boolean"}}}`

func TestSensitive(t *testing.T) {
	for name, c := range map[string]struct {
		schema string
		want   []string
		says   string
	}{
		"no schema":                   {``, nil, ""},
		"none":                        {sync, nil, ""},
		"by name":                     {login, []string{"once", "password", "pin"}, ""},
		"writeOnly: false is none":    {`{"properties":{"a":{"type":"string","writeOnly":false}}}`, nil, ""},
		"a param called writeOnly":    {`{"properties":{"writeOnly":true,"a":{"properties":{"writeOnly":true}}}}`, nil, ""},
		"a value that looks like one": {`{"properties":{"a":{"default":{"writeOnly":true},"enum":[{"writeOnly":true}],"const":{"writeOnly":true}}}}`, nil, ""},
		"an enum may be seen":         {`{"properties":{"a":{"type":"string","enum":["x","y"],"writeOnly":true}}}`, []string{"a"}, ""},
		"nested":                      {`{"properties":{"a":{"properties":{"b":{"type":"string","writeOnly":true}}}}}`, nil, "top of the schema"},
		"in a list":                   {`{"properties":{"a":{"items":{"type":"string","writeOnly":true}}}}`, nil, "top of the schema"},
		"in a reference":              {`{"properties":{"a":{"$ref":"#/$defs/b"}},"$defs":{"b":{"type":"string","writeOnly":true}}}`, nil, "top of the schema"},
		"in a condition":              {`{"if":{"properties":{"a":{"type":"string","writeOnly":true}}}}`, nil, "top of the schema"},
		"in all of":                   {`{"allOf":[{"properties":{"a":{"type":"string","writeOnly":true}}}]}`, nil, "top of the schema"},
		"any other param":             {`{"additionalProperties":{"type":"string","writeOnly":true}}`, nil, "top of the schema"},
		"all":                         {`{"writeOnly":true}`, nil, "top of the schema"},
		"below one that is sensitive": {`{"properties":{"a":{"type":"string","writeOnly":true,"not":{"writeOnly":true}}}}`, nil, "top of the schema"},
		"an object":                   {`{"properties":{"a":{"type":"object","writeOnly":true}}}`, nil, `"a" (writeOnly) must have one type of string, number, integer, boolean`},
		"without a type":              {`{"properties":{"a":{"writeOnly":true}}}`, nil, "must have one type"},
		"two types":                   {`{"properties":{"a":{"type":["string","null"],"writeOnly":true}}}`, nil, "must have one type"},
		"a default":                   {`{"properties":{"a":{"type":"string","default":"x","writeOnly":true}}}`, nil, "anyone could read in the Task"},
		"a name that is no key":       {`{"properties":{"密码":{"type":"string","writeOnly":true}}}`, nil, "because it is the key of a Secret"},
		"an empty name":               {`{"properties":{"":{"type":"string","writeOnly":true}}}`, nil, "because it is the key of a Secret"},
		"a name too long":             {`{"properties":{"` + strings.Repeat("a", 254) + `":{"type":"string","writeOnly":true}}}`, nil, "because it is the key of a Secret"},
		"two that are one variable":   {`{"properties":{"a-b":{"type":"string","writeOnly":true},"a_b":{"type":"string","writeOnly":true}}}`, nil, "would share the variable"},
		"two in upper and lower case": {`{"properties":{"a":{"type":"string","writeOnly":true},"A":{"type":"string","writeOnly":true}}}`, nil, "would share the variable"},
		"one variable with another":   {`{"properties":{"a-b":{"type":"string","writeOnly":true},"a_b":{"type":"string"}}}`, nil, `"a-b" is sensitive`},
		"a name that is no variable":  {`{"properties":{"-.":{"type":"string","writeOnly":true}}}`, nil, "a letter or a digit in its name"},
		"too many":                    {`{"properties":{` + manySensitive(17) + `}}`, nil, "17 sensitive params (writeOnly); the limit is 16"},
	} {
		t.Run(name, func(t *testing.T) {
			schema, err := Compile([]byte(c.schema))
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v, want %q", err, c.says)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff(c.want, schema.Sensitive()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func manySensitive(n int) string {
	var parts []string
	for i := range n {
		parts = append(parts, `"p`+strings.Repeat("x", i)+`":{"type":"string","writeOnly":true}`)
	}
	return strings.Join(parts, ",")
}

// No message quotes a sensitive value, whichever keyword it violates and wherever the keyword is.
func TestProblemsHideSensitiveValues(t *testing.T) {
	const secret = "7312457312"
	for name, c := range map[string]struct{ schema, given string }{
		"a wrong type":        {login, `{"user":"a","password":7312457312}`},
		"a limit":             {login, `{"user":"a","password":"12345678","pin":-7312457312}`},
		"a pattern":           {`{"properties":{"p":{"type":"string","pattern":"^x","writeOnly":true}}}`, `{"p":"7312457312"}`},
		"a format":            {`{"properties":{"p":{"type":"string","format":"date","writeOnly":true}}}`, `{"p":"7312457312"}`},
		"a multiple":          {`{"properties":{"p":{"type":"integer","multipleOf":7,"writeOnly":true}}}`, `{"p":7312457312}`},
		"an enum":             {`{"properties":{"p":{"type":"string","enum":["x"],"writeOnly":true}}}`, `{"p":"7312457312"}`},
		"its own choice":      {`{"properties":{"p":{"type":"integer","anyOf":[{"maximum":1},{"multipleOf":7}],"writeOnly":true}}}`, `{"p":7312457312}`},
		"a choice at the top": {`{"properties":{"p":{"type":"integer","writeOnly":true}},"oneOf":[{"properties":{"p":{"maximum":1}}},{"properties":{"p":{"multipleOf":7}}}]}`, `{"p":7312457312}`},
		"a condition":         {`{"properties":{"p":{"type":"integer","writeOnly":true}},"if":{},"then":{"properties":{"p":{"maximum":1}}}}`, `{"p":7312457312}`},
		"a structure":         {login, `{"user":"a","password":{"x":"7312457312"}}`},
		"out of range":        {login, `{"user":"a","password":"12345678","pin":7312457312e7312457312}`},
		"all of it":           {`{"properties":{"p":{"type":"integer","writeOnly":true}},"const":{"p":1}}`, `{"p":7312457312}`},
		"another that is bad": {login, `{"user":7,"password":"7312457312 A"}`},
	} {
		t.Run(name, func(t *testing.T) {
			schema, err := Compile([]byte(c.schema))
			if err != nil {
				t.Fatal(err)
			}
			_, problems := schema.Apply([]byte(c.given))
			if len(problems) == 0 {
				t.Fatal("it is valid")
			}
			if strings.Contains(problems.Error(), secret) {
				t.Errorf("it is told: %v", problems)
			}
		})
	}
}

func TestSplit(t *testing.T) {
	schema, err := Compile([]byte(login))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		given, plain string
		secret       map[string]string
		problems     string
	}{
		"nothing sensitive stays as it is": {`{ "user":"a", "n":1.0 }`, `{ "user":"a", "n":1.0 }`, nil, ""},
		"each type":                        {`{"user":"<a>","n":9007199254740993,"password":"$(x) \"y\"","pin":12345678901234567890,"once":false}`, `{"n":9007199254740993,"user":"<a>"}`, map[string]string{"password": `$(x) "y"`, "pin": "12345678901234567890", "once": "false"}, ""},
		"nothing else":                     {`{"password":""}`, `{}`, map[string]string{"password": ""}, ""},
		"a NUL":                            {`{"user":"a","password":"a\u0000b"}`, "", nil, "/password: " + hidden.With().String()},
		"no JSON":                          {`{`, `{`, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			plain, secret, problems := schema.Split([]byte(c.given))
			if problems.Error() != c.problems {
				t.Errorf("problems %q, want %q", problems.Error(), c.problems)
			}
			if c.problems != "" {
				return
			}
			got := map[string]string{}
			for name, value := range secret {
				got[name] = string(value)
			}
			if string(plain) != c.plain || !maps.Equal(got, c.secret) {
				t.Errorf("got %s and %v", plain, got)
			}
		})
	}
}

func TestJoin(t *testing.T) {
	schema, err := Compile([]byte(login))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		plain          string
		secret         map[string]string
		want, problems string
	}{
		"nothing":                       {``, nil, `{}`, ""},
		"each type":                     {`{"user":"a"}`, map[string]string{"password": `$(x) "<y>`, "pin": "12345678901234567890", "once": "true"}, `{"once":true,"password":"$(x) \"<y>","pin":12345678901234567890,"user":"a"}`, ""},
		"a string that looks like more": {``, map[string]string{"password": `{"a":1}`}, `{"password":"{\"a\":1}"}`, ""},
		"an integer that is none":       {``, map[string]string{"pin": "s3cret"}, "", "/pin: " + hidden.With().String()},
		"an integer with a newline":     {``, map[string]string{"pin": "1234\n"}, "", "/pin: " + hidden.With().String()},
		"an empty integer":              {``, map[string]string{"pin": ""}, "", "/pin: " + hidden.With().String()},
		"a list":                        {``, map[string]string{"pin": "[1]"}, "", "/pin: " + hidden.With().String()},
		"no UTF-8":                      {``, map[string]string{"password": "\xff"}, "", "/password: " + hidden.With().String()},
		"a NUL":                         {``, map[string]string{"password": "\x00"}, "", "/password: " + hidden.With().String()},
		"in both places":                {`{"password":"s3cret"}`, map[string]string{"password": "s3cret"}, "", "/password: is in both the params and their Secret"},
		"not sensitive":                 {``, map[string]string{"user": "s3cret"}, "", "/user: is not sensitive"},
	} {
		t.Run(name, func(t *testing.T) {
			secret := map[string][]byte{}
			for name, value := range c.secret {
				secret[name] = []byte(value)
			}
			got, problems := schema.Join([]byte(c.plain), secret)
			if string(got) != c.want || (c.problems == "") != (len(problems) == 0) || !strings.HasPrefix(problems.Error(), c.problems) {
				t.Errorf("got %s, %q; want %s, %q", got, problems.Error(), c.want, c.problems)
			}
			if strings.Contains(problems.Error(), "s3cret") {
				t.Error("it tells a value")
			}
		})
	}
}

// FuzzSplit checks that split params are whole when joined, and that no sensitive value stays behind.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{`{}`, `{"password":"a","user":1}`, `{"pin":1e5,"once":true}`, `[]`, `{"password":null}`} {
		f.Add([]byte(seed))
	}
	schema, err := Compile([]byte(`{"properties":{"password":{"type":"string","writeOnly":true},"pin":{"type":"number","writeOnly":true},"once":{"type":"boolean","writeOnly":true}}}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, given []byte) {
		whole, problems := schema.Apply(given)
		if len(problems) > 0 {
			return
		}
		plain, secret, problems := schema.Split(whole)
		if len(problems) > 0 {
			return
		}
		left, _ := decode(plain)
		for _, name := range schema.Sensitive() {
			if object, _ := left.(map[string]any); slices.Contains(slices.Collect(maps.Keys(object)), name) {
				t.Errorf("%s is left in %s", name, plain)
			}
		}
		if joined, problems := schema.Join(plain, secret); string(joined) != string(whole) || len(problems) > 0 {
			t.Errorf("%s became %s (%v)", whole, joined, problems)
		}
	})
}
