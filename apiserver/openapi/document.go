package openapi

// Document is an OpenAPI document, in so far as we need one: https://spec.openapis.org/oas/v3.1.1.html
type Document struct {
	OpenAPI    string                `json:"openapi"`
	Info       Info                  `json:"info"`
	Servers    []Server              `json:"servers"`
	Tags       []Tag                 `json:"tags"`
	Paths      map[string]PathItem   `json:"paths"`
	Components Components            `json:"components"`
	Security   []map[string][]string `json:"security,omitempty"`
}

// Info says what is described.
type Info struct {
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Version     string            `json:"version"`
	License     map[string]string `json:"license"`
	Contact     map[string]string `json:"contact"`
}

// Server is where the paths begin.
type Server struct {
	URL         string `json:"url"`
	Description string `json:"description,omitempty"`
}

// Tag is a group of operations.
type Tag struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// PathItem has the operations of a path by method, in lower case.
type PathItem map[string]*OperationObject

// OperationObject is an operation as it is written.
type OperationObject struct {
	OperationID string                     `json:"operationId"`
	Tags        []string                   `json:"tags"`
	Summary     string                     `json:"summary"`
	Description string                     `json:"description,omitempty"`
	Parameters  []ParameterObject          `json:"parameters,omitempty"`
	RequestBody *RequestBody               `json:"requestBody,omitempty"`
	Responses   map[string]*ResponseObject `json:"responses"`
	// Security is a pointer, because an empty list says something.
	Security *[]map[string][]string `json:"security,omitempty"`
}

// ParameterObject is a parameter as it is written.
type ParameterObject struct {
	Name        string `json:"name"`
	In          string `json:"in"`
	Description string `json:"description"`
	Required    bool   `json:"required,omitempty"`
	// Style and Explode say how a list is sent.
	Style   string `json:"style,omitempty"`
	Explode *bool  `json:"explode,omitempty"`
	Schema  Schema `json:"schema"`
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

// HeaderObject is a header of a response. Only references are given without a schema.
type HeaderObject struct {
	Ref         string `json:"$ref,omitempty"`
	Description string `json:"description,omitempty"`
	Required    bool   `json:"required,omitempty"`
	Schema      Schema `json:"schema,omitempty"`
}

// MediaType is a body in one form.
type MediaType struct {
	Schema any `json:"schema"`
	// Events of a stream, which OpenAPI 3.1 has no word for: the schema of each one's data, by its name.
	Events map[string]any `json:"x-events,omitempty"`
}

// Components are what is described once.
type Components struct {
	Schemas         map[string]any          `json:"schemas"`
	Headers         map[string]HeaderObject `json:"headers,omitempty"`
	SecuritySchemes map[string]Schema       `json:"securitySchemes,omitempty"`
}
