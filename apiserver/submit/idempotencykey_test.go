// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/taskexec/taskexec/apiserver/web"
)

func TestIdempotencyKey(t *testing.T) {
	longest := strings.Repeat("k", maxIdempotencyKey)
	for name, c := range map[string]struct {
		sent []string
		key  string
		says string
	}{
		"none":                         {nil, "", ""},
		"a quoted UUID":                {[]string{`"8e03978e-40d5-43dd-bc93-6894a57f9324"`}, "8e03978e-40d5-43dd-bc93-6894a57f9324", ""},
		"a bare one":                   {[]string{`8e03978e-40d5-43dd-bc93-6894a57f9324`}, "8e03978e-40d5-43dd-bc93-6894a57f9324", ""},
		"with space around":            {[]string{" k\t"}, "k", ""},
		"escapes":                      {[]string{`"a\"b\\c"`}, `a"b\c`, ""},
		"a quote within a bare one":    {[]string{`a"b`}, `a"b`, ""},
		"the longest":                  {[]string{longest}, longest, ""},
		"the longest, quoted":          {[]string{`"` + longest + `"`}, longest, ""},
		"too long":                     {[]string{longest + "k"}, "", "has 256 characters"},
		"empty":                        {[]string{""}, "", "is empty"},
		"empty quotes":                 {[]string{`""`}, "", "is empty"},
		"open quotes":                  {[]string{`"abc`}, "", "no closing quote"},
		"a lone quote":                 {[]string{`"`}, "", "no closing quote"},
		"a backslash at the end":       {[]string{`"abc\`}, "", "backslash"},
		"another escape":               {[]string{`"a\nb"`}, "", "backslash"},
		"a parameter":                  {[]string{`"abc";v=1`}, "", "after the closing quote"},
		"a space":                      {[]string{`a b`}, "", "character at 1 that is not visible ASCII"},
		"not ASCII":                    {[]string{"同步"}, "", "not visible ASCII"},
		"a control character":          {[]string{"a\x7f"}, "", "not visible ASCII"},
		"twice":                        {[]string{"a", "a"}, "", "was sent 2 times"},
		"a comma, which is one string": {[]string{"a,b"}, "a,b", ""},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := idempotencyKey(http.Header{HeaderIdempotencyKey: c.sent})
			if key != c.key || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %q, %v; want %q, %q", key, err, c.key, c.says)
			}
			if err != nil && web.ProblemOf(err).Status != http.StatusBadRequest {
				t.Errorf("status %d", web.ProblemOf(err).Status)
			}
		})
	}
}

// FuzzIdempotencyKey: an accepted key is valid and survives quoting unchanged.
func FuzzIdempotencyKey(f *testing.F) {
	for _, seed := range []string{``, `a`, `"a"`, `"a\"b"`, `"\\"`, `"`, "\x00", `a";`, `"a`} {
		f.Add(seed)
	}
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	f.Fuzz(func(t *testing.T, sent string) {
		key, err := idempotencyKey(http.Header{HeaderIdempotencyKey: {sent}})
		if err != nil {
			if key != "" {
				t.Errorf("%q gives %q and %v", sent, key, err)
			}
			return
		}
		if checkIdempotencyKey(key) != nil {
			t.Errorf("%q gives the key %q", sent, key)
		}
		again, err := idempotencyKey(http.Header{HeaderIdempotencyKey: {`"` + quote.Replace(key) + `"`}})
		if again != key || err != nil {
			t.Errorf("%q in quotes gives %q, %v", key, again, err)
		}
	})
}

func TestExecutionID(t *testing.T) {
	same := ExecutionID("ns", "sync", "k")
	if id, err := uuid.Parse(same); err != nil || id.Version() != 8 || id.Variant() != uuid.RFC4122 || id.String() != same {
		t.Errorf("%q is no UUID of version 8: %v", same, err)
	}
	// A key must keep its id across updates of the facade.
	if want := "c7d119d4-5bd2-8f73-9f12-19cc6f8be1b0"; same != want {
		t.Errorf("the id is %s, and was %s in earlier versions", same, want)
	}
	seen := map[string]bool{same: true}
	for _, other := range [][3]string{{"ns", "sync", "K"}, {"ns", "sync2", "k"}, {"ns", "syn", "ck"}, {"n", "ssync", "k"}, {"ns2", "sync", "k"}, {"ns", "sync", ""}, {"ns", "sync", ""}} {
		id := ExecutionID(other[0], other[1], other[2])
		if seen[id] {
			t.Errorf("%q has the id of another", other)
		}
		seen[id] = true
	}
}

func TestDigestOf(t *testing.T) {
	digest := func(key, given string) string { return DigestOf(key, []byte(given)) }
	want := digest("k", `{"a":1,"b":{"c":[1,2],"d":"<x>"}}`)
	for _, same := range []string{`{"b":{"d":"<x>","c":[1,2]},"a":1}`, " {\"a\": 1,\n\"b\":{\"c\":[1, 2],\"d\":\"\\u003cx>\"}} "} {
		if digest("k", same) != want {
			t.Errorf("%s is another body", same)
		}
	}
	for _, other := range []string{`{"a":1,"b":{"c":[2,1],"d":"<x>"}}`, `{"a":"1","b":{"c":[1,2],"d":"<x>"}}`, `{"a":1.0,"b":{"c":[1,2],"d":"<x>"}}`, `{"a":1}`, `{}`, ``} {
		if digest("k", other) == want {
			t.Errorf("%s is the same body", other)
		}
	}
	if digest("k", ``) != digest("k", `{}`) {
		t.Error("no params and empty params differ")
	}
	if digest("other", `{}`) == digest("k", `{}`) {
		t.Error("who has another key gets the same digest, and could try bodies")
	}
	for _, bad := range []string{`[]`, `{`, `{"a":1,"a":1}`, "\xff"} {
		if got := digest("k", bad); got != "" {
			t.Errorf("%q has the digest %s", bad, got)
		}
	}
}

func TestRerunID(t *testing.T) {
	seen := map[string]bool{}
	for _, id := range []string{
		rerunID("ns", "first", "k"), rerunID("ns", "first", "l"), rerunID("ns", "second", "k"), rerunID("other", "first", "k"),
		ExecutionID("ns", "first", "k"), ExecutionID("ns", "rerun", "first"), ExecutionID("ns", "rerun", "k"), rerunID("ns", "first", ""), rerunID("ns", "first", ""),
	} {
		if seen[id] {
			t.Errorf("%s is the id of two", id)
		}
		seen[id] = true
	}
	// A key must keep its id across updates of the facade.
	if got, want := rerunID("ns", "first", "k"), "1164e3d9-f6ea-8869-a944-9cf9bd24a3bf"; got != want {
		t.Errorf("the id is %s, and was %s in earlier versions", got, want)
	}
}
