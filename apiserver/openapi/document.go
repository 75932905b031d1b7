// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package openapi

// Document is the part of an OpenAPI document that we need: https://spec.openapis.org/oas/v3.1.1.html
type Document struct {
	OpenAPI    string                `json:"openapi"`
	Info       Info                  `json:"info"`
	Servers    []Server              `json:"servers"`
	Tags       []Tag                 `json:"tags"`
	Paths      map[string]PathItem   `json:"paths"`
	Components Components            `json:"components"`
	Security   []map[string][]string `json:"security,omitempty"`
}

// Info is about the API as a whole.
type Info struct {
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Version     string            `json:"version"`
	License     map[string]string `json:"license"`
	Contact     map[string]string `json:"contact"`
}

// Server is a URL to which the paths are relative.
type Server struct {
	URL         string `json:"url"`
	Description string `json:"description,omitempty"`
}

// Tag is a group of operations.
type Tag struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// PathItem has the operations of a path, by method in lower case.
type PathItem map[string]*OperationObject

// OperationObject is an operation in the document.
type OperationObject struct {
	OperationID string                     `json:"operationId"`
	Tags        []string                   `json:"tags"`
	Summary     string                     `json:"summary"`
	Description string                     `json:"description,omitempty"`
	Parameters  []ParameterObject          `json:"parameters,omitempty"`
	RequestBody *RequestBody               `json:"requestBody,omitempty"`
	Responses   map[string]*ResponseObject `json:"responses"`
	// Security is a pointer, because an empty list is not the same as none: it means that no token is needed.
	Security *[]map[string][]string `json:"security,omitempty"`
}

// ParameterObject is a parameter in the document.
type ParameterObject struct {
	Name        string `json:"name"`
	In          string `json:"in"`
	Description string `json:"description"`
	Required    bool   `json:"required,omitempty"`
	// Style and Explode say how a list is encoded.
	Style   string `json:"style,omitempty"`
	Explode *bool  `json:"explode,omitempty"`
	// AllowReserved says that characters such as = need not be percent-encoded.
	AllowReserved bool   `json:"allowReserved,omitempty"`
	Schema        Schema `json:"schema"`
}

// RequestBody of an operation.
type RequestBody struct {
	Required bool                 `json:"required"`
	Content  map[string]MediaType `json:"content"`
}

// ResponseObject is one status of an operation.
type ResponseObject struct {
	Description string                  `json:"description"`
	Headers     map[string]HeaderObject `json:"headers,omitempty"`
	Content     map[string]MediaType    `json:"content,omitempty"`
}

// HeaderObject is a header of a response, or a reference to one.
type HeaderObject struct {
	Ref         string `json:"$ref,omitempty"`
	Description string `json:"description,omitempty"`
	Required    bool   `json:"required,omitempty"`
	Schema      Schema `json:"schema,omitempty"`
}

// MediaType is a body in one media type.
type MediaType struct {
	Schema any `json:"schema"`
	// Events of a stream, which OpenAPI 3.1 cannot describe: the schema of each event's data, by the event's name.
	Events map[string]any `json:"x-events,omitempty"`
}

// Components are what other parts of the document refer to.
type Components struct {
	Schemas         map[string]any          `json:"schemas"`
	Headers         map[string]HeaderObject `json:"headers,omitempty"`
	SecuritySchemes map[string]Schema       `json:"securitySchemes,omitempty"`
}
