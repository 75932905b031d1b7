// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package openapi describes the REST API. It makes an OpenAPI 3.1 document from a table of operations, the Go types that
// are encoded, and the comments of these types; and a page for people from the document. It is pure.
package openapi
