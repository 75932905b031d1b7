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

// Operation says of one method of one path what cannot be read from its route.
type Operation struct {
	// ID is what generated clients call it: it never changes.
	ID string
	// Tag is the group that it stands in.
	Tag     string
	Summary string
	// Details go on where the summary ends; Markdown.
	Details string
	// Parameters of query and header; those of the path are found in it.
	Parameters []Parameter
	// Body is a value of the type that is decoded, nil where none is read.
	Body any
	// BodyRequired: there is no answer without one.
	BodyRequired bool
	Answers      []Answer
	// Public operations need no bearer token.
	Public bool
}

// Parameter of a query or a header. A list is sent with commas between.
type Parameter struct {
	Name, In, Description string
	Schema                Schema
}

func (p Parameter) isList() bool { return p.Schema["type"] == "array" }

// Schema is a JSON Schema (2020-12).
type Schema = map[string]any

// Answer is one status that an operation is answered with, in one media type.
type Answer struct {
	Status      int
	Description string
	// MediaType is application/json where it is empty and there is a Body.
	MediaType string
	// Body is a value of the type that is encoded. A string is text; nil is no body.
	Body any
	// Forms are what may be sent instead, where Body is nil.
	Forms *Forms
	// Events of a text/event-stream: the type of each one's data, by its name.
	Events map[string]any
	// Headers that it may have, by name: what they say.
	Headers map[string]string
}

// Forms are objects of several types, of which an answer has one. Each has a string property with a value of its own.
type Forms struct {
	// Name of the schema, and what it says.
	Name, Description string
	// Discriminator is the property by which they are told apart.
	Discriminator string
	// Values of the types, by their value of that property.
	Values map[string]any
}

// The places of a parameter.
const (
	InQuery  = "query"
	InHeader = "header"
)

// Query makes a parameter of the query.
func Query(name, description string, schema Schema) Parameter {
	return Parameter{name, InQuery, description, schema}
}

// Header makes a parameter that is a header.
func Header(name, description string, schema Schema) Parameter {
	return Parameter{name, InHeader, description, schema}
}

// OK is the answer 200 with a value as JSON.
func OK(description string, body any) Answer {
	return Answer{Status: http.StatusOK, Description: description, Body: body}
}

// Failure is an answer from 400 on. Its body is the API's problem.
func Failure(status int, description string) Answer {
	return Answer{Status: status, Description: description}
}

// TryLater is a failure after which the request may be sent again. The header Retry-After says when.
func TryLater(status int, description string) Answer {
	return Answer{Status: status, Description: description, Headers: map[string]string{"Retry-After": "Seconds to wait."}}
}

// Stream is the answer 200 of Server-Sent Events. It has the type of each event's data, by the event's name.
func Stream(description string, events map[string]any) Answer {
	return Answer{Status: http.StatusOK, Description: description, MediaType: "text/event-stream", Body: "", Events: events}
}

// Text is a schema of strings; keywords follow as name, value, name, value.
func Text(keywords ...any) Schema { return typed("string", keywords) }

// Integer is a schema of whole numbers from least to most.
func Integer(least, most int, keywords ...any) Schema {
	return typed("integer", append(keywords, "minimum", least, "maximum", most))
}

// Flag is a schema of true and false.
func Flag() Schema { return typed("boolean", []any{"default", false}) }

// OneOf is a schema of a few words.
func OneOf(words ...string) Schema { return typed("string", []any{"enum", words}) }

// SomeOf is a schema of a list of a few words.
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
