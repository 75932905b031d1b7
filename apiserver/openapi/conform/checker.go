// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/errors"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
)

// Checker checks exchanges against one document. It is safe for concurrent use.
type Checker struct {
	// routes finds the pattern of a path, with the router that the API uses too.
	routes    chi.Router
	paths     map[string]*v3.PathItem
	validator validator.Validator
	schemas   schemas
}

// New returns a Checker for a document. It returns an error if the document is not valid OpenAPI. A Checker is stricter
// than clients should be: a field that is not described is an error.
func New(document []byte) (*Checker, error) {
	strict, err := closed(document)
	if err != nil {
		return nil, err
	}
	parsed, err := libopenapi.NewDocument(strict)
	if err != nil {
		return nil, fmt.Errorf("reading the document: %w", err)
	}
	model, err := parsed.BuildV3Model()
	if err != nil {
		return nil, fmt.Errorf("reading the document: %w", err)
	}
	checks, problems := validator.NewValidator(parsed, config.WithFormatAssertions(), config.WithoutSecurityValidation())
	if len(problems) > 0 {
		return nil, fmt.Errorf("reading the document: %w", problems[0])
	}
	if valid, found := checks.ValidateDocument(); !valid {
		return nil, fmt.Errorf("the document is not valid OpenAPI: %s", sentences(found))
	}
	c := &Checker{routes: chi.NewRouter(), paths: map[string]*v3.PathItem{}, validator: checks}
	for path, item := range model.Model.Paths.PathItems.FromOldest() {
		c.paths[path] = item
		for method := range item.GetOperations().FromOldest() {
			c.routes.MethodFunc(strings.ToUpper(method), path, func(http.ResponseWriter, *http.Request) {})
		}
	}
	c.schemas, err = readSchemas(strict)
	return c, err
}

// Exchange is a request and its answer, with their bodies.
type Exchange struct {
	Request     *http.Request
	RequestBody []byte
	Status      int
	Header      http.Header
	Body        []byte
	// Partial says that the answer was not read to its end.
	Partial bool
}

// Check returns an error if an exchange does not match the description. A rejected request may have any form, but the
// rejection must match.
func (c *Checker) Check(e Exchange) error {
	method := e.Request.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	path := e.Request.URL.RawPath // as chi matches it
	if path == "" {
		path = e.Request.URL.Path
	}
	pattern := c.routes.Find(chi.NewRouteContext(), method, path)
	item := c.paths[pattern]
	if item == nil {
		return c.checkNothing(e)
	}
	r := e.Request.Clone(e.Request.Context())
	r.Method, r.Body = method, io.NopCloser(bytes.NewReader(e.RequestBody))
	r.ContentLength = int64(len(e.RequestBody))
	if err := c.checkAnswer(e, r, item, pattern); err != nil {
		return fmt.Errorf("%s %s: %w", e.Request.Method, pattern, err)
	}
	if e.Status >= http.StatusBadRequest {
		return nil
	}
	if unknown := undescribed(r, item); len(unknown) > 0 {
		return fmt.Errorf("%s %s: it accepted parameters that are not described: %v", e.Request.Method, pattern, unknown)
	}
	if len(bytes.TrimSpace(e.RequestBody)) == 0 {
		r.Header.Del("Content-Type")
	}
	if valid, found := c.validator.ValidateHttpRequestSyncWithPathItem(r, item, pattern); !valid {
		return fmt.Errorf("%s %s: it accepted a request that is not as described: %s", e.Request.Method, pattern, sentences(found))
	}
	return nil
}

// undescribed returns the query parameters that the operation does not describe.
func undescribed(r *http.Request, item *v3.PathItem) (names []string) {
	for name := range r.URL.Query() {
		known := false
		for _, p := range item.GetOperations().GetOrZero(strings.ToLower(r.Method)).Parameters {
			known = known || p.In == "query" && p.Name == name
		}
		if !known {
			names = append(names, name)
		}
	}
	return names
}

func sentences(found []*errors.ValidationError) string {
	var all []string
	for _, f := range found {
		all = append(all, f.Message+": "+f.Reason)
		for _, s := range f.SchemaValidationErrors {
			all = append(all, s.FieldPath+": "+s.Reason)
		}
	}
	return strings.Join(all, "; ")
}
