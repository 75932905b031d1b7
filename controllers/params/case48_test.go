// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// titled returns the usual schema that gives names to the values of a list.
func titled(n int) string {
	forms := make([]string, n)
	for i := range forms {
		forms[i] = fmt.Sprintf(`{"const":%d,"title":"number %d"}`, i, i)
	}
	return `{"oneOf":[` + strings.Join(forms, ",") + `]}`
}

func TestCase48SchemaThatCouldKeepEverybodyBusyIsNotReady(t *testing.T) {
	var branches []string
	for range 1000 {
		branches = append(branches, `{"type":"integer"}`)
	}
	for name, c := range map[string]struct{ schema, says string }{
		"200 forms of any number of items": {`{"properties":{"a":{"type":"array","items":` + titled(200) + `}}}`, `at "/a/*" there may be 51200 values, and each is compared with 201 parts of the schema; bound them by maxItems`},
		"1000 branches for each item":      {`{"properties":{"a":{"items":{"allOf":[` + strings.Join(branches, ",") + `]}}}}`, "compared with 1001 parts"},
		"forms that have forms":            {`{"properties":{"a":{"items":{"items":` + titled(200) + `}}}}`, `"/a/*/*"`},
		"lists within forms":               {`{"properties":{"a":{"anyOf":[{"items":` + titled(60) + `},{"items":` + titled(60) + `}]}}}`, "122 parts"},
		"any number of other params":       {`{"additionalProperties":` + titled(200) + `}`, `at "/*"`},
		"by pattern":                       {`{"patternProperties":{"^x":` + titled(200) + `}}`, `at "/*"`},
		"names with many forms":            {`{"propertyNames":{"anyOf":[` + strings.Join(strings.Split(strings.Repeat(`{"minLength":1},`, 200), ",")[:200], ",") + `]}}`, "201 parts"},
		"by reference":                     {`{"properties":{"a":{"items":{"$ref":"#/$defs/n"}}},"$defs":{"n":` + titled(200) + `}}`, `"/a/*"`},
		"a long regular expression":        {`{"properties":{"a":{"items":{"pattern":"^(a{1,500}b{1,500}){1}$","allOf":[` + strings.Join(strings.Split(strings.Repeat(`{"pattern":"^(a{1,500}b{1,500}){1}$"},`, 20), `},`)[:20], "},") + `}]}}}}`, "add"},
		"an enum of thousands":             {`{"properties":{"a":{"items":{"enum":[` + strings.TrimSuffix(strings.Repeat(`"x",`, 5000), ",") + `]}}}}`, "parts of the schema"},
		"what is not evaluated":            {`{"properties":{"a":{"unevaluatedItems":` + titled(200) + `}}}`, `"/a/*"`},
		"contains":                         {`{"properties":{"a":{"contains":` + titled(200) + `}}}`, `"/a/*"`},
		"bounded":                          {`{"properties":{"a":{"type":"array","maxItems":1000,"items":` + titled(200) + `}}}`, ""},
		"an enum of as many":               {`{"properties":{"a":{"type":"array","items":{"enum":[` + strings.TrimSuffix(strings.Repeat("1,", 200), ",") + `]}}}}`, ""},
		"few forms":                        {`{"properties":{"a":{"type":"array","items":` + titled(20) + `}}}`, ""},
		"forms of a single value":          {`{"properties":{"a":` + titled(1000) + `}}`, ""},
		"an ordinary one":                  {sync, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if c.says == "add" {
				c.says = "parts of the schema"
			}
			_, err := Compile([]byte(c.schema))
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

// allocated returns how many bytes a function allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Whatever the schema and the params, one validation takes little memory. The bound covers all allocations, freed or
// not.
func TestCase48JudgementIsBounded(t *testing.T) {
	numbers := `{"a":[` + strings.TrimSuffix(strings.Repeat("7,", 51_000), ",") + `]}`
	texts := `{"a":["` + strings.Repeat("a", 90_000) + `"]}`
	nested := `{"a":` + strings.Repeat("[", 60) + strings.Repeat("]", 60) + `}`
	chain := func(link string) string {
		var defs []string
		for i := range 12 {
			defs = append(defs, fmt.Sprintf(`"d%d":{%q:[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]}`, i, link, i+1, i+1))
		}
		return `{"properties":{"a":{"items":{"$ref":"#/$defs/d0"}}},"$defs":{` + strings.Join(defs, ",") + `,"d12":{"type":"string"}}}`
	}
	for name, c := range map[string]struct{ schema, given string }{
		"200 forms, none of them":       {`{"properties":{"a":{"maxItems":60000,"items":` + titled(90) + `}}}`, strings.ReplaceAll(numbers, "7", "x")},
		"forms, the last of them":       {`{"properties":{"a":{"items":` + titled(90) + `}}}`, numbers},
		"a wrong type, each time":       {`{"properties":{"a":{"items":{"type":"string"}}}}`, numbers},
		"many wrong in many ways":       {`{"properties":{"a":{"items":{"allOf":[{"type":"string"},{"minimum":9},{"multipleOf":2},{"enum":[1]}]}}}}`, numbers},
		"equal items":                   {`{"properties":{"a":{"uniqueItems":true}}}`, numbers},
		"what nobody evaluated":         {`{"properties":{"a":{"anyOf":[{"prefixItems":[true]},{"prefixItems":[{},{}]}],"unevaluatedItems":{"type":"string"}}}}`, numbers},
		"a regular expression":          {`{"properties":{"a":{"items":{"pattern":"^(a|aa|a{1,400})*b$"}}}}`, texts},
		"deep nesting":                  {`{"additionalProperties":{"items":{"items":{"items":{}}}}}`, nested},
		"references that double, allOf": {chain("allOf"), numbers},
		"references that double, oneOf": {chain("oneOf"), numbers},
		"a large default, a thousand times": {`{"properties":{` + func() string {
			var fields []string
			for i := range 1000 {
				fields = append(fields, fmt.Sprintf(`"p%d":{"$ref":"#/$defs/d"}`, i))
			}
			return strings.Join(fields, ",")
		}() + `},"$defs":{"d":{"default":"` + strings.Repeat("x", 50_000) + `"}}}`, `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			schema, err := Compile([]byte(c.schema))
			if err != nil {
				t.Logf("refused as a schema: %v", err)
				return
			}
			var problems FieldErrors
			bytes := allocated(func() { _, problems = schema.Apply([]byte(c.given)) })
			t.Logf("%d MiB, %.120s", bytes>>20, problems.Error())
			if bytes > 300<<20 || len(problems) > maxProblems+1 {
				t.Errorf("%d MiB, %d problems", bytes>>20, len(problems))
			}
		})
	}
}

// A problem in a large value is reported at its place.
func TestCase48TheFirstWrongPartOfManyIsNamed(t *testing.T) {
	schema, err := Compile([]byte(`{"properties":{"a":{"items":{"anyOf":[{"type":"integer"},{"type":"null"}]}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	_, problems := schema.Apply([]byte(`{"a":[` + strings.Repeat("1,", 20_000) + `"x"]}`))
	if len(problems) != 1 || problems[0].Pointer != "/a/20000" || !strings.Contains(problems[0].Message, "must be an integer, not a string") {
		t.Errorf("got %v", problems)
	}
}

// FuzzMeter checks that a validation stays within its paid cost, and agrees with the validator.
func FuzzMeter(f *testing.F) {
	for _, seed := range []string{
		sync, `{"properties":{"a":{"items":{"oneOf":[{"const":1},{"const":2}]}}}}`, `{"additionalProperties":{"pattern":"(a|b)*c"}}`,
		`{"unevaluatedProperties":false,"anyOf":[{"properties":{"a":true}},{"minProperties":1}]}`, `{"propertyNames":{"format":"email"}}`,
		`{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"a":{"items":[{},{"type":"null"}],"additionalItems":{"type":"string"}}}}`,
		`{"if":{"required":["a"]},"then":{"properties":{"a":{"uniqueItems":true,"contains":{"minimum":1},"maxContains":1}}}}`,
	} {
		f.Add([]byte(seed), []byte(`{"a":[1,1.0,"x",null],"b":{"a":"aab"}}`))
	}
	f.Fuzz(func(t *testing.T, schema, given []byte) {
		if len(given) > v1alpha1.MaxParamsBytes || len(schema) > 10_000 {
			return
		}
		compiled, err := Compile(schema)
		if err != nil || compiled.compiled == nil {
			return
		}
		value, problem := decode(given)
		if problem != "" {
			return
		}
		want := compiled.compiled.Validate(value) == nil
		problems := compiled.judge(value)
		if len(problems) > 0 && strings.Contains(problems.Error(), sayTooMuchWork.With().String()) {
			return
		}
		if got := len(problems) == 0; got != want {
			t.Fatalf("judged %v (%v), the validator says %v", got, problems, want)
		}
	})
}
