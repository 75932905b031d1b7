// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package openapi

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

type wireApple struct {
	Name   string          `json:"name"`
	Colour *string         `json:"colour,omitempty" jsonschema:"enum=red,enum=green"`
	Any    json.RawMessage `json:"any,omitempty"`
	Pips   []wirePip       `json:"pips"`
	wirePip
	hidden int //nolint:unused // what is not sent is not described
}

type wirePip struct {
	Grams int `json:"grams"`
}

type apple struct {
	Other int `json:"other"`
}

func get(id, path string, answer any) Entry {
	return Entry{Method: "GET", Path: path, Operation: Operation{ID: id, Tag: "t", Summary: "S.", Answers: []Answer{OK("It.", answer)}}}
}

func TestSchemas(t *testing.T) {
	const here = "github.com/taskexec/taskexec/apiserver/openapi."
	comments := Comments{
		here + "wireApple":        "wireApple is a fruit: wireApple.",
		here + "wireApple.Name":   "Name of it, in two lines.",
		here + "wireApple.Colour": "Colour: seen.",
		"another/package.wirePip": "It has the same name.",
	}
	d, err := Build(API{Entries: []Entry{get("a", "/a", []wireApple{})}, Comments: comments})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(d.Components.Schemas)
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(`{
		"Apple": {"type": "object", "description": "Apple is a fruit: wireApple.", "required": ["name", "pips", "grams"], "properties": {
			"name": {"type": "string", "description": "name of it, in two lines."},
			"colour": {"type": "string", "enum": ["red", "green"], "description": "Colour: seen."},
			"any": true,
			"pips": {"type": "array", "items": {"$ref": "#/components/schemas/Pip"}},
			"grams": {"type": "integer"}}},
		"Pip": {"type": "object", "required": ["grams"], "properties": {"grams": {"type": "integer"}}}}`), &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %s", raw)
	}
}

func TestMistakesOfTheTable(t *testing.T) {
	for says, api := range map[string]API{
		"that of another":       {Entries: []Entry{get("a", "/a", 1), get("a", "/b", 1)}},
		"has two answers in":    {Entries: []Entry{{Method: "GET", Path: "/a", Operation: Operation{ID: "a", Answers: []Answer{OK("A.", 1), OK("B.", "")}}}}},
		"has no name":           {Entries: []Entry{{Method: "GET", Path: "/a", Operation: Operation{ID: "a", Answers: []Answer{{Status: 200, Forms: &Forms{Values: map[string]any{"x": 1}}}}}}}},
		"is empty or":           {Entries: []Entry{get("", "/a", 1)}},
		"has no description":    {Entries: []Entry{get("a", "/a/{b}", 1)}},
		"two schemas":           {Entries: []Entry{get("a", "/a", wireApple{}), get("b", "/b", apple{})}},
		"is both read and sent": {Entries: []Entry{get("a", "/a", apple{}), {Method: "POST", Path: "/a", Operation: Operation{ID: "b", Body: apple{}}}}},
	} {
		_, err := Build(api)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want %q", err, says)
		}
	}
	api := API{Entries: []Entry{get("a", "/a", 1)}}
	d, err := Build(api)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Page(api, d); err == nil || !strings.Contains(err.Error(), `no tag "t"`) {
		t.Errorf("a tag that does not exist: %v", err)
	}
}

func TestMerge(t *testing.T) {
	one, other := Operations{"GET /a": {ID: "a"}}, Operations{"POST /a": {ID: "b"}}
	all, err := Merge(one, other)
	if err != nil || len(all) != 2 || all["POST /a"].ID != "b" || len(one) != 1 {
		t.Errorf("got %v, %v", all, err)
	}
	if _, err := Merge(one, other, Operations{"GET /a": {ID: "c"}}); err == nil || err.Error() != "GET /a is described twice" {
		t.Errorf("a route in two parts: %v", err)
	}
}

// One status may have several media types. A body may have several forms, which a property distinguishes.
func TestAlternatives(t *testing.T) {
	e := get("a", "/a", apple{})
	e.Answers = []Answer{{Status: 200, Description: "It.", Forms: &Forms{"Fruit", "F.", "kind", map[string]any{"pip": wirePip{}, "apple": apple{}}}}, {Status: 200, MediaType: "text/plain", Body: ""}}
	api := API{Tags: []Tag{{"t", "T."}}, Entries: []Entry{e}}
	d, err := Build(api)
	if err != nil {
		t.Fatal(err)
	}
	answer := d.Paths["/a"]["get"].Responses["200"]
	if ref := answer.Content["application/json"].Schema; !reflect.DeepEqual(ref, Schema{"$ref": "#/components/schemas/Fruit"}) {
		t.Errorf("the answer is %v", ref)
	}
	raw, err := json.Marshal(d.Components.Schemas["Fruit"])
	if want := `{"description":"F.","discriminator":{"mapping":{"apple":"#/components/schemas/Apple","pip":"#/components/schemas/Pip"},"propertyName":"kind"},` +
		`"oneOf":[{"$ref":"#/components/schemas/Apple"},{"$ref":"#/components/schemas/Pip"}]}`; err != nil || string(raw) != want {
		t.Errorf("%s, %v, want %s", raw, err, want)
	}
	if answer.Description != "It." || len(answer.Content) != 2 {
		t.Errorf("got %+v", answer)
	}
	page, err := Page(api, d)
	if err != nil || !strings.Contains(string(page), `<a href="#schema-Apple">Apple</a> or <a href="#schema-Pip">Pip</a>`) {
		t.Errorf("%v, %s", err, page)
	}
}

// Schemas that only events use are described with the events. Lists are sent separated by commas.
func TestEvents(t *testing.T) {
	e := get("a", "/a", apple{})
	e.Parameters = []Parameter{Query("kind", "K.", SomeOf("red", "green"))}
	e.Answers = append(e.Answers, Answer{Status: 200, MediaType: "text/event-stream", Body: "", Events: map[string]any{"apple": apple{}, "pip": wirePip{}}})
	d, err := Build(API{Entries: []Entry{e}})
	if err != nil {
		t.Fatal(err)
	}
	if d.Components.Schemas["Pip"] != nil || d.Components.Schemas["Apple"] == nil {
		t.Errorf("the components are %v", d.Components.Schemas)
	}
	raw, err := json.Marshal(d.Paths["/a"]["get"].Responses["200"].Content["text/event-stream"].Events)
	if want := `{"apple":{"$ref":"#/components/schemas/Apple"},"pip":{"properties":{"grams":{"type":"integer"}},"required":["grams"],"type":"object"}}`; err != nil || string(raw) != want {
		t.Errorf("%s, %v, want %s", raw, err, want)
	}
	raw, err = json.Marshal(d.Paths["/a"]["get"].Parameters[0])
	if want := `{"name":"kind","in":"query","description":"K.","style":"form","explode":false,"schema":{"items":{"enum":["red","green"],"type":"string"},"minItems":1,"type":"array"}}`; err != nil || string(raw) != want {
		t.Errorf("%s, %v, want %s", raw, err, want)
	}
}

// If tokens are needed, every operation says so, except public ones.
func TestBearer(t *testing.T) {
	open := get("b", "/b", "")
	open.Public = true
	api := API{Bearer: true, Tags: []Tag{{"t", "T."}}, Entries: []Entry{get("a", "/a", ""), open}, Problem: apple{}, Always: []Answer{{Status: 401, Description: "No."}, {Status: 403, Description: "No."}}}
	d, err := Build(api)
	if err != nil {
		t.Fatal(err)
	}
	closed, public := d.Paths["/a"]["get"], d.Paths["/b"]["get"]
	if len(d.Security) != 1 || closed.Security != nil || closed.Responses["401"] == nil || closed.Responses["403"] == nil {
		t.Errorf("security %v, %+v", d.Security, closed)
	}
	if public.Security == nil || len(*public.Security) != 0 || public.Responses["401"] != nil || public.Responses["403"] != nil {
		t.Errorf("the public one: %+v", public)
	}
	page, err := Page(api, d)
	if err != nil || strings.Count(string(page), "Authorization: Bearer") != 1 {
		t.Errorf("%v, %s", err, page)
	}
}

// Markup in a description does not become markup of the page.
func TestPageEscapes(t *testing.T) {
	e := get("a", "/a", "")
	e.Summary, e.Details = "<b>", "`<i>` and <script>"
	api := API{Info: Info{Title: "<title>"}, Tags: []Tag{{"t", "<u>"}}, Entries: []Entry{e}}
	d, err := Build(api)
	if err != nil {
		t.Fatal(err)
	}
	page, err := Page(api, d)
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{"<b>", "<i>", "<script>", "<u>", "<title><title>"} {
		if strings.Contains(string(page), wrong) {
			t.Errorf("the page has %s", wrong)
		}
	}
	if !strings.Contains(string(page), "<code>&lt;i&gt;</code>") {
		t.Error("code is not marked as code")
	}
}
