// Package openapi describes the REST API: from a table of operations and the Go types that are really encoded it
// makes an OpenAPI 3.1 document, and from that a page for people. It is pure.
package openapi
