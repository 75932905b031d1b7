// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/apiserver/openapi"
)

// Thing is what the API of these tests has.
type thing struct {
	// Name of it.
	Name string `json:"name"`
	// Size of it.
	Size int `json:"size,omitempty"`
}

type problem struct {
	// Status of the answer.
	Status int `json:"status"`
}

// document describes an API that uses everything that a Checker knows.
func document(t *testing.T) []byte {
	t.Helper()
	d, err := openapi.Build(openapi.API{
		Info:           openapi.Info{Title: "t", Version: "1", License: map[string]string{"name": "x"}, Contact: map[string]string{"name": "x"}},
		Tags:           []openapi.Tag{{Name: "things", Description: "Things."}},
		PathParameters: map[string]string{"name": "A name."},
		Problem:        problem{},
		Always:         []openapi.Answer{{Status: 400, Description: "Wrong."}},
		Entries: []openapi.Entry{
			{Method: "GET", Path: "/things/{name}", Operation: openapi.Operation{
				ID: "getThing", Tag: "things", Summary: "One.",
				Parameters: []openapi.Parameter{openapi.Query("limit", "How many.", openapi.Integer(1, 10))},
				Answers: []openapi.Answer{
					openapi.OK("It.", thing{}),
					{Status: 200, MediaType: "text/event-stream", Body: "", Events: map[string]any{"thing": thing{}}},
					{Status: 204, Description: "None."},
				},
			}},
			{Method: "POST", Path: "/things/{name}", Operation: openapi.Operation{
				ID: "putThing", Tag: "things", Summary: "One.", Body: struct {
					Size int `json:"size"`
				}{}, BodyRequired: true, Answers: []openapi.Answer{{Status: 204, Description: "Done."}},
			}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestChecker(t *testing.T) {
	c, err := New(document(t))
	if err != nil {
		t.Fatal(err)
	}
	const form, stream, wrong = "application/json", "text/event-stream", "application/problem+json"
	for _, x := range []struct {
		name, method, path, sent string
		status                   int
		kind, body, says         string
		partial                  bool
	}{
		{name: "as described", path: "/things/a?limit=3", status: 200, kind: form, body: `{"name":"a","size":1}`},
		{name: "a name that is escaped", path: "/things/a%2Fb", status: 200, kind: form, body: `{"name":"a/b"}`},
		{name: "HEAD", method: "HEAD", path: "/things/a", status: 200, kind: form},
		{name: "a field that is not described", path: "/things/a", status: 200, kind: form, body: `{"name":"a","colour":1}`, says: "colour"},
		{name: "a field that is missing", path: "/things/a", status: 200, kind: form, body: `{}`, says: "name"},
		{name: "another type", path: "/things/a", status: 200, kind: form, body: `{"name":1}`, says: "string"},
		{name: "no JSON", path: "/things/a", status: 200, kind: form, body: `{`, says: "decode"},
		{name: "another media type", path: "/things/a", status: 200, kind: "text/html", body: `x`, says: "text/html"},
		{name: "another status", path: "/things/a", status: 202, kind: form, body: `{}`, says: "202"},
		{name: "a body where there is none", path: "/things/a", status: 204, body: `x`, says: "has a body"},
		{name: "a parameter that is not described", path: "/things/a?colour=1", status: 200, kind: form, body: `{"name":"a"}`, says: "colour"},
		{name: "a parameter out of bounds", path: "/things/a?limit=11", status: 200, kind: form, body: `{"name":"a"}`, says: "limit"},
		{name: "a bad request that is refused", path: "/things/a?limit=11", status: 400, kind: wrong, body: `{"status":400}`},
		{name: "a refusal that is no problem", path: "/things/a", status: 400, kind: form, body: `{"status":400}`, says: form},
		{name: "a problem of another kind", path: "/things/a", status: 400, kind: wrong, body: `{"error":"x"}`, says: "status"},
		{name: "a body that was sent", method: "POST", path: "/things/a", sent: `{"size":1}`, status: 204},
		{name: "a wrong body that was taken", method: "POST", path: "/things/a", sent: `{"size":"big"}`, status: 204, says: "size"},
		{name: "an unknown field that was taken", method: "POST", path: "/things/a", sent: `{"size":1,"colour":1}`, status: 204, says: "colour"},
		{name: "no body, which was taken", method: "POST", path: "/things/a", status: 204, says: "content type"},
		{name: "a stream", path: "/things/a", status: 200, kind: stream, body: "retry: 1\n\n: still here\n\nid: 1\nevent: thing\ndata: {\"name\":\"a\"}\n\n"},
		{name: "a stream that was left", path: "/things/a", status: 200, kind: stream, partial: true, body: "event: thing\ndata: {\"name\":\"a\"}\n\nevent: thing\ndata: {\"na"},
		{name: "a wrong event", path: "/things/a", status: 200, kind: stream, body: "event: thing\ndata: {\"name\":2}\n\n", says: "thing"},
		{name: "an event that is not described", path: "/things/a", status: 200, kind: stream, body: "event: other\ndata: {}\n\n", says: "other"},
		{name: "nothing there", path: "/nothing", status: 404, kind: wrong, body: `{"status":404}`},
		{name: "nothing there, and no problem", path: "/nothing", status: 404, kind: "text/plain", body: `404`, says: "text/plain"},
		{name: "something there that is not described", path: "/nothing", status: 200, kind: form, body: `{}`, says: "not described"},
		{name: "a method that is not described", method: "PUT", path: "/things/a", status: 405, kind: wrong, body: `{"status":405}`},
	} {
		t.Run(x.name, func(t *testing.T) {
			if x.method == "" {
				x.method = http.MethodGet
			}
			r := httptest.NewRequestWithContext(t.Context(), x.method, x.path, strings.NewReader(x.sent))
			if x.sent != "" {
				r.Header.Set("Content-Type", form)
			}
			header := http.Header{"X-Request-Id": {"1"}}
			if x.kind != "" {
				header.Set("Content-Type", x.kind)
			}
			err := c.Check(Exchange{Request: r, RequestBody: []byte(x.sent), Status: x.status, Header: header, Body: []byte(x.body), Partial: x.partial})
			if (err == nil) != (x.says == "") || err != nil && !strings.Contains(err.Error(), x.says) {
				t.Errorf("got %v, want %q", err, x.says)
			}
		})
	}
	if err := c.Check(Exchange{Request: httptest.NewRequestWithContext(t.Context(), "GET", "/things/a", nil), Status: 204, Header: http.Header{}}); err == nil {
		t.Error("an answer without X-Request-Id passes")
	}
}

func TestWhatIsNoDocument(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON":    "{",
		"no OpenAPI": `{"a": 1}`,
		"no info":    strings.Replace(string(document(t)), `"info":`, `"inform":`, 1),
	} {
		if _, err := New([]byte(text)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
