// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package openapi

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Entry is an operation with its method and path.
type Entry struct {
	Method, Path string
	Operation
}

// API is what a document describes.
type API struct {
	Info    Info
	Tags    []Tag
	Entries []Entry
	// PathParameters has the description of each parameter of a path, by its name.
	PathParameters map[string]string
	// Always are the answers that every operation may give.
	Always []Answer
	// Problem is a value of the type of all answers from 400 on.
	Problem any
	// Bearer says that operations need a bearer token, except public ones.
	Bearer   bool
	Comments Comments
}

const (
	mediaJSON    = "application/json"
	mediaProblem = "application/problem+json"
)

// Build makes the document. It returns an error if the API contradicts itself, for example if two operations have one ID.
func Build(api API) (*Document, error) {
	b := &builder{api: api, schemas: schemas{comments: api.Comments, made: map[string]any{}}}
	d := &Document{
		OpenAPI: "3.1.1", Info: api.Info, Tags: api.Tags, Servers: []Server{{URL: "/", Description: "The host that serves this document."}},
		Paths: map[string]PathItem{},
	}
	ids := map[string]bool{}
	for _, e := range api.Entries {
		object, err := b.operation(e)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", e.Method, e.Path, err)
		}
		if e.ID == "" || ids[e.ID] {
			return nil, fmt.Errorf("%s %s: the id %q is empty or that of another operation", e.Method, e.Path, e.ID)
		}
		ids[e.ID] = true
		if d.Paths[e.Path] == nil {
			d.Paths[e.Path] = PathItem{}
		}
		d.Paths[e.Path][strings.ToLower(e.Method)] = object
	}
	b.schemas.inlineEvents(d.Paths)
	d.Components = Components{Schemas: b.schemas.made, Headers: map[string]HeaderObject{
		requestIDHeader: {Description: "The id of the request in the log of the facade. If the client sends one, it is kept unless it has characters that do not belong in a log.", Required: true, Schema: Text()},
	}}
	if api.Bearer {
		d.Components.SecuritySchemes = map[string]Schema{bearer: {"type": "http", "scheme": "bearer", "description": "A token that the cluster accepts, such as that of a ServiceAccount."}}
		d.Security = []map[string][]string{{bearer: {}}}
	}
	return d, nil
}

const (
	requestIDHeader = "X-Request-Id"
	bearer          = "bearer"
)

type builder struct {
	api     API
	schemas schemas
}

func (b *builder) operation(e Entry) (*OperationObject, error) {
	object := &OperationObject{
		OperationID: e.ID, Tags: []string{e.Tag}, Summary: e.Summary, Description: strings.TrimSpace(e.Summary + "\n\n" + e.Details),
		Responses: map[string]*ResponseObject{},
	}
	if e.Public && b.api.Bearer {
		object.Security = &[]map[string][]string{}
	}
	var err error
	if object.Parameters, err = b.parameters(e); err != nil {
		return nil, err
	}
	if e.Body != nil {
		schema, err := b.schemas.of(e.Body, true)
		if err != nil {
			return nil, err
		}
		object.RequestBody = &RequestBody{Required: e.BodyRequired, Content: map[string]MediaType{mediaJSON: {Schema: schema}}}
	}
	answers := slices.Clone(e.Answers)
	for _, a := range b.api.Always {
		if !b.concerns(a.Status, e) || slices.ContainsFunc(answers, func(given Answer) bool { return given.Status == a.Status }) {
			continue
		}
		answers = append(answers, a)
	}
	for _, a := range answers {
		if err := b.answer(object, a); err != nil {
			return nil, err
		}
	}
	return object, nil
}

// concerns reports whether an operation can give a status of Always.
func (b *builder) concerns(status int, e Entry) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType:
		return e.Body != nil
	case http.StatusNotFound: // the namespace cannot exist
		return strings.Contains(e.Path, "{namespace}")
	case http.StatusUnauthorized:
		return b.api.Bearer && !e.Public
	case http.StatusForbidden: // Protect also rejects requests that another site's page makes a browser send
		return b.api.Bearer && !e.Public || e.Method != http.MethodGet
	}
	return true
}

var inPath = regexp.MustCompile(`\{([A-Za-z]+)\}`)

func (b *builder) parameters(e Entry) (all []ParameterObject, err error) {
	for _, match := range inPath.FindAllStringSubmatch(e.Path, -1) {
		says := b.api.PathParameters[match[1]]
		if says == "" {
			return nil, fmt.Errorf("the parameter %s has no description", match[1])
		}
		all = append(all, ParameterObject{Name: match[1], In: "path", Description: says, Required: true, Schema: Text("minLength", 1)})
	}
	for _, p := range e.Parameters {
		object := ParameterObject{Name: p.Name, In: p.In, Description: p.Description, Schema: p.Schema}
		if p.isList() {
			object.Style, object.Explode = "form", new(p.Repeats)
			object.AllowReserved = p.Repeats
		}
		all = append(all, object)
	}
	return all, nil
}

// answer adds an answer. A status may have several answers with different media types.
func (b *builder) answer(to *OperationObject, a Answer) error {
	status := strconv.Itoa(a.Status)
	response := to.Responses[status]
	if response == nil {
		response = &ResponseObject{Description: a.Description, Headers: map[string]HeaderObject{requestIDHeader: {Ref: "#/components/headers/" + requestIDHeader}}}
		to.Responses[status] = response
	}
	for name, says := range a.Headers {
		response.Headers[name] = HeaderObject{Description: says, Schema: Text()}
	}
	if a.Status >= http.StatusBadRequest {
		a.MediaType, a.Body = mediaProblem, b.api.Problem
	}
	if a.Body == nil && a.Forms == nil {
		return nil
	}
	if a.MediaType == "" {
		a.MediaType = mediaJSON
	}
	schema, err := b.bodyOf(a)
	if err != nil {
		return err
	}
	body := MediaType{Schema: schema}
	for event, data := range a.Events {
		if body.Events == nil {
			body.Events = map[string]any{}
		}
		if body.Events[event], err = b.schemas.of(data, false); err != nil {
			return err
		}
	}
	if response.Content == nil {
		response.Content = map[string]MediaType{}
	}
	if _, again := response.Content[a.MediaType]; again {
		return fmt.Errorf("the status %s has two answers in %s: use Forms", status, a.MediaType)
	}
	response.Content[a.MediaType] = body
	return nil
}

// bodyOf returns the schema of an answer's body. If it has several forms, generated clients tell them apart by the
// discriminator.
func (b *builder) bodyOf(a Answer) (any, error) {
	if a.Forms == nil {
		return b.schemas.of(a.Body, false)
	}
	var forms []any
	mapping := map[string]any{}
	for _, value := range slices.Sorted(maps.Keys(a.Forms.Values)) {
		schema, err := b.schemas.of(a.Forms.Values[value], false)
		if err != nil {
			return nil, err
		}
		object, _ := schema.(Schema)
		ref, isRef := object["$ref"].(string)
		if !isRef {
			return nil, fmt.Errorf("the form %q has no name", value)
		}
		forms, mapping[value] = append(forms, schema), ref
	}
	b.schemas.made[a.Forms.Name] = Schema{
		"description": a.Forms.Description, "oneOf": forms,
		"discriminator": Schema{"propertyName": a.Forms.Discriminator, "mapping": mapping},
	}
	return Schema{"$ref": refPrefix + a.Forms.Name}, nil
}
