// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package openapi

import (
	"fmt"
	"net/http"
)

// Operations are operations by route: the method, a space, and the pattern of the path, such as "GET /tasks/{taskName}".
type Operations map[string]Operation

// Merge returns the operations of all parts. It fails if two parts describe the same route.
func Merge(parts ...Operations) (Operations, error) {
	all := Operations{}
	for _, part := range parts {
		for route, operation := range part {
			if _, twice := all[route]; twice {
				return nil, fmt.Errorf("%s is described twice", route)
			}
			all[route] = operation
		}
	}
	return all, nil
}

// Operation describes one method of one path.
type Operation struct {
	// ID is the name of the operation in generated clients. It must never change.
	ID string
	// Tag is the group to which it belongs.
	Tag string
	// Summary is one sentence.
	Summary string
	// Details follow the summary, in Markdown.
	Details string
	// Parameters in the query and in headers. Those in the path are taken from it.
	Parameters []Parameter
	// Body is a value of the type that is decoded, nil if no body is read.
	Body any
	// BodyRequired says that a request without a body fails.
	BodyRequired bool
	Answers      []Answer
	// Public says that no bearer token is needed.
	Public bool
}

// Parameter of a query or a header. Lists are separated by commas, unless the parameter is given once for each element.
type Parameter struct {
	Name, In, Description string
	Schema                Schema
	// Repeats says that a list is given as one parameter for each element.
	Repeats bool
}

func (p Parameter) isList() bool { return p.Schema["type"] == "array" }

// Schema is a JSON Schema (2020-12).
type Schema = map[string]any

// Answer is a response with one status in one media type.
type Answer struct {
	Status      int
	Description string
	// MediaType defaults to application/json if there is a Body.
	MediaType string
	// Body is a value of the type that is encoded. A string is text; nil means no body.
	Body any
	// Forms are the types of the body, if there are several. Body is nil then.
	Forms *Forms
	// Events of a text/event-stream: a value of the type of each event's data, by the event's name.
	Events map[string]any
	// Headers describes the headers that the answer may have, by name.
	Headers map[string]string
}

// Forms are the types that a body may have. All have a string property that tells clients which one it is.
type Forms struct {
	// Name and Description of the schema.
	Name, Description string
	// Discriminator is the name of this property.
	Discriminator string
	// Values has a value of each type, by the value of this property.
	Values map[string]any
}

// The places of a parameter.
const (
	InQuery  = "query"
	InHeader = "header"
)

// Query returns a parameter of the query.
func Query(name, description string, schema Schema) Parameter {
	return Parameter{Name: name, In: InQuery, Description: description, Schema: schema}
}

// Repeated returns a parameter of the query that is given up to most times, each time with a text.
func Repeated(name, description string, most int) Parameter {
	list := typed("array", []any{"items", Text("minLength", 1), "minItems", 1, "maxItems", most})
	return Parameter{Name: name, In: InQuery, Description: description, Schema: list, Repeats: true}
}

// Header returns a parameter that is a header.
func Header(name, description string, schema Schema) Parameter {
	return Parameter{Name: name, In: InHeader, Description: description, Schema: schema}
}

// OK returns the answer 200 with a JSON body of the type of body.
func OK(description string, body any) Answer {
	return Answer{Status: http.StatusOK, Description: description, Body: body}
}

// Text returns the schema of a string. The keywords are pairs of a name and a value.
func Text(keywords ...any) Schema { return typed("string", keywords) }

// Integer returns the schema of an integer from least to most, both inclusive.
func Integer(least, most int, keywords ...any) Schema {
	return typed("integer", append(keywords, "minimum", least, "maximum", most))
}

// Flag returns the schema of a boolean that defaults to false.
func Flag() Schema { return typed("boolean", []any{"default", false}) }

// OneOf returns the schema of a string that is one of the words.
func OneOf(words ...string) Schema { return typed("string", []any{"enum", words}) }

// SomeOf returns the schema of a list of at least one of the words.
func SomeOf(words ...string) Schema {
	return typed("array", []any{"items", OneOf(words...), "minItems", 1})
}

func typed(kind string, keywords []any) Schema {
	s := Schema{"type": kind}
	for i := 0; i+1 < len(keywords); i += 2 {
		if name, isString := keywords[i].(string); isString {
			s[name] = keywords[i+1]
		}
	}
	return s
}
