// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/taskexec/taskexec/apiserver/openapi"
	"github.com/taskexec/taskexec/apiserver/web"
)

// description is the description of the API, for programs and for people.
type description struct {
	document, page []byte
	// policy is the Content-Security-Policy of the page.
	policy string
}

// describedAPI returns everything that the facade serves with these options.
func describedAPI(o Options) (openapi.API, error) {
	api := openapi.API{
		Info: openapi.Info{
			Title:       "Taskexec",
			Description: "Runs tasks as Kubernetes Jobs. The API reads and writes the custom resources Task, TaskExecution and TaskSchedule.",
			Version:     "v1alpha1",
			License:     map[string]string{"name": "Apache-2.0", "identifier": "Apache-2.0"},
			Contact:     map[string]string{"name": "Taskexec", "url": "https://github.com/taskexec/taskexec"},
		},
		Tags: tags(), PathParameters: pathParameters(), Always: anyAnswers(), Problem: web.Problem{}, Comments: openapi.SourceComments(),
		Bearer: o.Auth == AuthKubernetes,
	}
	described, err := operations()
	if err != nil {
		return openapi.API{}, err
	}
	add := func(method, pattern, prefix, suffix string) {
		operation := described[method+" "+pattern]
		operation.ID += suffix
		api.Entries = append(api.Entries, openapi.Entry{Method: method, Path: prefix + pattern, Operation: operation})
	}
	for _, route := range (&rooms{}).routes() {
		add(route.method, route.pattern, "", "")
	}
	for _, route := range (&server{metrics: web.NewMetrics()}).platform() {
		add(route.method, route.path, "", "")
	}
	if o.several() {
		for _, route := range (&rooms{}).routes() {
			add(route.method, route.pattern, namespacePrefix, "InNamespace")
		}
	}
	return api, nil
}

// describe returns a function that makes the document and the page when it is first called.
func describe(o Options) func() (*description, error) {
	return sync.OnceValues(func() (*description, error) {
		api, err := describedAPI(o)
		if err != nil {
			return nil, fmt.Errorf("describing the API: %w", err)
		}
		document, err := openapi.Build(api)
		if err != nil {
			return nil, fmt.Errorf("describing the API: %w", err)
		}
		d := &description{}
		if d.document, err = json.MarshalIndent(document, "", "  "); err != nil {
			return nil, fmt.Errorf("describing the API: %w", err)
		}
		if d.page, err = openapi.Page(api, document); err != nil {
			return nil, fmt.Errorf("describing the API: %w", err)
		}
		d.policy = "default-src 'none'; style-src '" + hashSource(openapi.Style) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
		return d, nil
	})
}

// hashSource returns the source expression that allows one inline text (CSP Level 3, 2.3.1).
func hashSource(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// getDescription and getPage are open to everyone: they are the same for every installation, and say nothing about a
// cluster.
func (s *server) getDescription(w http.ResponseWriter, r *http.Request) error {
	made, err := s.described()
	if err != nil {
		return err
	}
	serveStatic(w, r, "application/json", made.document)
	return nil
}

func (s *server) getPage(w http.ResponseWriter, r *http.Request) error {
	made, err := s.described()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Security-Policy", made.policy)
	serveStatic(w, r, "text/html; charset=utf-8", made.page)
	return nil
}

// serveStatic sends content that changes only with the version of the program.
func serveStatic(w http.ResponseWriter, r *http.Request, contentType string, body []byte) {
	sum := sha256.Sum256(body)
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("ETag", fmt.Sprintf(`"%x"`, sum[:16]))
	header.Set("Cache-Control", "no-cache") // clients may cache it, and must revalidate
	r.Header.Del("Range")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}
