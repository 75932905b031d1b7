// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
)

// Each route that takes a body refuses a malformed one with the same answer, and changes nothing.
func TestBadBodies(t *testing.T) {
	store := newFakeStore(fixture.Task("sync")).add(fixture.Execution("a", "sync", v1alpha1.PhaseRunning))
	api := facade(store)
	huge := `{"params":{"x":"` + strings.Repeat("x", 1<<20) + `"}}`
	for endpoint, c := range map[string]struct{ method, path, list string }{
		"manual":        {"POST", "/tasks/sync/execute/manual", ""},
		"api":           {"POST", "/tasks/sync/execute/api", ""},
		"dryRun":        {"POST", "/tasks/sync/execute/api?dryRun=true", ""},
		"rerun":         {"POST", "/tasks/executions/a/rerun", ""},
		"by-ids":        {"DELETE", "/tasks/executions/cancel/by-ids", "executionIds"},
		"by-task-names": {"DELETE", "/tasks/executions/cancel/by-task-names", "taskNames"},
	} {
		type bad struct {
			body    string
			headers []string
			status  int
			says    string
		}
		cases := map[string]bad{
			"cut short":          {`{"`, nil, 400, "not valid JSON"},
			"only opened":        {`{`, nil, 400, "ends too early"},
			"not JSON":           {`params=1`, nil, 400, "not valid JSON at byte 1"},
			"a trailing comma":   {`{"params":{},}`, nil, 400, "not valid JSON at byte 14"},
			"something after":    {`{} {}`, nil, 400, "more data after the JSON object"},
			"a list":             {`[]`, nil, 400, "must be a JSON object, not an array"},
			"a string":           {`"x"`, nil, 400, "must be a JSON object, not a string"},
			"null":               {` null `, nil, 400, "must be a JSON object, not null"},
			"an unknown field":   {`{"parms":{}}`, nil, 400, `unknown field "parms"`},
			"deep nesting":       {`{"params":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, nil, 400, ""},
			"too large":          {huge, nil, 413, "larger than 1048576 bytes"},
			"a form":             {`{}`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "application/json"},
			"no content type":    {`{}`, []string{"Content-Type", ""}, 415, "application/json"},
			"a bad content type": {`{}`, []string{"Content-Type", "application/json; charset"}, 415, "application/json"},
			"from another site":  {`{}`, []string{"Sec-Fetch-Site", "cross-site"}, 403, "another site"},
			"from another page":  {`{}`, []string{"Origin", "https://evil.example"}, 403, "another site"},
		}
		if c.list == "" {
			maps.Copy(cases, map[string]bad{
				"params of a wrong type": {`{"params":[1]}`, nil, 400, "params must be a JSON object"},
				"params not UTF-8":       {"{\"params\":{\"a\":\"\xff\"}}", nil, 400, "not valid UTF-8"},
				"params that repeat":     {`{"params":{"a":1,"a":2}}`, nil, 400, `"a" is twice`},
				"params nested deep":     {`{"params":{"a":` + strings.Repeat("[", 90) + strings.Repeat("]", 90) + `}}`, nil, 400, "nested deeper"},
				"params too large":       {`{"params":{"a":"` + strings.Repeat("x", v1alpha1.MaxParamsBytes) + `"}}`, nil, 400, "but a container gets"},
				"a number too long":      {`{"params":{"a":12345678901234567890}}`, nil, 400, "lose digits"},
			})
		} else {
			names := `{"` + c.list + `":`
			maps.Copy(cases, map[string]bad{
				"no body":           {``, nil, 400, c.list},
				"no list":           {`{}`, nil, 400, `"` + c.list + `" must be a list of at least one string`},
				"an empty list":     {names + `[]}`, nil, 400, "at least one string"},
				"null for a list":   {names + `null}`, nil, 400, "at least one string"},
				"a string":          {names + `"a"}`, nil, 400, `"` + c.list + `" must be a list of strings, not a string`},
				"an object":         {names + `{"a":1}}`, nil, 400, "must be a list of strings, not an object"},
				"a number in it":    {names + `["a",1]}`, nil, 400, "must be a list of strings, and has a number in it"},
				"a list in it":      {names + `[["a"]]}`, nil, 400, "and has an array in it"},
				"null in it":        {names + `["a",null]}`, nil, 400, "index 1"},
				"an empty string":   {names + `[""]}`, nil, 400, "index 0"},
				"too many":          {names + `["a"` + strings.Repeat(`,"a"`, 1000) + `]}`, nil, 400, "1001 entries, more than 1000"},
				"the other's field": {`{"params":{}}`, nil, 400, `unknown field "params"`},
			})
		}
		for name, wrong := range cases {
			t.Run(endpoint+"/"+name, func(t *testing.T) {
				wantProblem(t, call(t, api, c.method, c.path, wrong.body, wrong.headers...), wrong.status, wrong.says)
			})
		}
	}
	if len(store.executions) != 1 || store.executions["a"].Spec.Cancel != nil {
		t.Error("a refused request did something")
	}
}

// A page of another site can send a request without a body and without a preflight. Such a request must do nothing.
func TestOtherSitesCannotAct(t *testing.T) {
	store := newFakeStore(fixture.Task("sync")).add(fixture.Execution("a", "sync", v1alpha1.PhaseRunning))
	api := facade(store)
	wantProblem(t, call(t, api, "POST", "/tasks/sync/execute/manual", "", "Sec-Fetch-Site", "cross-site"), http.StatusForbidden, "another site")
	wantProblem(t, call(t, api, "DELETE", "/tasks/executions/cancel/all", "", "Origin", "https://evil.example"), http.StatusForbidden, "another site")
	if len(store.executions) != 1 || store.executions["a"].Spec.Cancel != nil {
		t.Error("it did something")
	}
	if w := call(t, api, "POST", "/tasks/sync/execute/manual", "", "Sec-Fetch-Site", "same-origin"); w.Code != http.StatusOK {
		t.Errorf("a page of the same site: %d %s", w.Code, w.Body)
	}
}
