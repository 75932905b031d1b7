// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runfilter

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func anExecution() *v1alpha1.TaskExecution {
	e := &v1alpha1.TaskExecution{}
	e.Labels = map[string]string{"team": "billing", "urgent": "", "example.com/cost": "9"}
	e.Spec.Trigger = v1alpha1.Trigger{Source: v1alpha1.TriggerSchedule, Name: "nightly"}
	e.Spec.Params = &apiextensionsv1.JSON{Raw: []byte(`{"mid":123,"space":"r&d","force":true,"note":null,"ratio":1.50,"escaped":"\u0061b","of":{"mid":7},"list":[1],"a=b":"x","text":"123"}`)}
	e.Status.Phase = v1alpha1.PhaseFailed
	return e
}

func TestFilter(t *testing.T) {
	for name, c := range map[string]struct {
		labels, params []string
		other          Filter
		want           bool
	}{
		"nothing":                     {want: true},
		"a label":                     {labels: []string{"team=billing"}, want: true},
		"another value":               {labels: []string{"team=sales"}},
		"a label that exists":         {labels: []string{"urgent"}, want: true},
		"one that does not":           {labels: []string{"cheap"}},
		"one that must not":           {labels: []string{"!cheap"}, want: true},
		"an empty value":              {labels: []string{"urgent="}, want: true},
		"a domain":                    {labels: []string{"example.com/cost=9"}, want: true},
		"a set":                       {labels: []string{"team in (sales, billing)"}, want: true},
		"two, and both hold":          {labels: []string{"team=billing", "urgent"}, want: true},
		"two, and one holds":          {labels: []string{"team=billing", "cheap"}},
		"two in one, and one holds":   {labels: []string{"team=billing,cheap"}},
		"a number":                    {params: []string{"mid=123"}, want: true},
		"part of a number":            {params: []string{"mid=12"}},
		"a string of digits":          {params: []string{"text=123"}, want: true},
		"a string":                    {params: []string{"space=r&d"}, want: true},
		"a string with its quotes":    {params: []string{`space="r&d"`}},
		"an escaped string":           {params: []string{"escaped=ab"}, want: true},
		"true":                        {params: []string{"force=true"}, want: true},
		"null":                        {params: []string{"note=null"}, want: true},
		"a number as it is written":   {params: []string{"ratio=1.50"}, want: true},
		"a number written otherwise":  {params: []string{"ratio=1.5"}},
		"an object":                   {params: []string{`of={"mid":7}`}},
		"a list":                      {params: []string{"list=[1]"}},
		"below the top":               {params: []string{"of.mid=7"}},
		"the value of another":        {params: []string{"space=123"}},
		"a param that is missing":     {params: []string{"nothing=123"}},
		"a missing param as empty":    {params: []string{"nothing="}},
		"params that both hold":       {params: []string{"mid=123", "force=true"}, want: true},
		"params of which one holds":   {params: []string{"mid=123", "force=false"}},
		"a label and a param":         {labels: []string{"team=billing"}, params: []string{"mid=123"}, want: true},
		"a label, and not the param":  {labels: []string{"team=billing"}, params: []string{"mid=7"}},
		"a status":                    {other: Filter{Statuses: []string{"running", "failed"}}, want: true},
		"another status":              {other: Filter{Statuses: []string{"running"}}},
		"a source":                    {other: Filter{Sources: []v1alpha1.TriggerSource{"schedule"}}, want: true},
		"another source":              {other: Filter{Sources: []v1alpha1.TriggerSource{"api"}}},
		"a trigger":                   {other: Filter{TriggerName: "nightly"}, want: true},
		"another trigger":             {other: Filter{TriggerName: "weekly"}},
		"a trigger and another label": {labels: []string{"cheap"}, other: Filter{TriggerName: "nightly"}},
	} {
		f := c.other
		for _, text := range c.labels {
			parsed, err := ParseLabels(text)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			f.Labels = append(f.Labels, parsed...)
		}
		for _, text := range c.params {
			parsed, ok := ParseParam(text)
			if !ok {
				t.Fatalf("%s: %s is refused", name, text)
			}
			f.Params = append(f.Params, parsed)
		}
		if got := f.Matches(anExecution()); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
		if f.IsEmpty() != (name == "nothing") {
			t.Errorf("%s: empty is %t", name, f.IsEmpty())
		}
	}
}

// A filter does not reveal what answers hide: params that were refused because one of them is sensitive.
func TestHiddenParamsDoNotMatch(t *testing.T) {
	f := Filter{Params: []Param{{"mid", "123"}}}
	e := anExecution()
	e.Status.Reason = v1alpha1.ReasonSensitiveParamReadable
	if f.Matches(e) {
		t.Error("hidden params can be guessed")
	}
	if e.Status.Reason, e.Spec.Params = "", nil; f.Matches(e) {
		t.Error("no params match")
	}
	e.Spec.Params = &apiextensionsv1.JSON{Raw: []byte(`{"mid":123`)}
	if f.Matches(e) {
		t.Error("broken params match")
	}
}

func TestTextsThatAreNoFilter(t *testing.T) {
	for _, text := range []string{"", " ", "a b", "=x", "team=a b", "team in", "team in (", "team=" + strings.Repeat("a", 64), strings.Repeat("a,", MaxLabelText)} {
		if parsed, err := ParseLabels(text); err == nil {
			t.Errorf("the label %q is accepted: %v", text, parsed)
		}
	}
	for _, text := range []string{"", "mid", "=", "=x"} {
		if parsed, ok := ParseParam(text); ok {
			t.Errorf("the param %q is accepted: %v", text, parsed)
		}
	}
}

func FuzzParseLabels(f *testing.F) {
	for _, seed := range []string{"team=billing", "!team", "a in (b,c)", "a notin ()", "x>1", "a=b,c!=d", "", ",", "a==b", "a in (b"} {
		f.Add(seed)
	}
	e := anExecution()
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := ParseLabels(text)
		if err == nil && len(parsed) == 0 {
			t.Errorf("%q selects everything", text)
		}
		(&Filter{Labels: parsed}).Matches(e)
	})
}

// FuzzParamMatches: a param matches exactly if decoding the whole object says so.
func FuzzParamMatches(f *testing.F) {
	f.Add("mid=123", `{"mid":123}`)
	f.Add("a=x", `{"a":"\u0078"}`)
	f.Add("a=", `{"a":""}`)
	f.Add("a=null", `{"a":null,"a":1}`)
	f.Add("a=1", `[1]`)
	f.Fuzz(func(t *testing.T, text, raw string) {
		p, ok := ParseParam(text)
		if !ok || !utf8.ValidString(raw) { // the API server stores nothing else
			return
		}
		var whole map[string]json.RawMessage
		want := false
		if json.Unmarshal([]byte(raw), &whole) == nil && len(whole[p.Name]) > 0 {
			var s string
			switch value := whole[p.Name]; value[0] {
			case '{', '[':
			case '"':
				want = json.Unmarshal(value, &s) == nil && s == p.Value
			default:
				want = string(value) == p.Value
			}
		}
		if got := matchParams([]Param{p}, []byte(raw)); got != want {
			t.Errorf("%q in %q: %t", text, raw, got)
		}
	})
}
