// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// executeRequest starts a run.
type executeRequest struct {
	// Params are the params of the run. They must match the task's schema.
	Params json.RawMessage `json:"params,omitempty" jsonschema_extras:"type=object,type=null,additionalProperties=true"`
}

// Started is the answer to a request that starts a run. It has the execution twice: the fields themselves, and again
// under data.
type Started struct {
	wire.Execution
	// Kind tells this answer from that of a dry run.
	Kind string `json:"kind" jsonschema:"enum=started"`
	// Data is the same execution again.
	Data wire.Execution `json:"data"`
}

// The kinds of answers to a request that starts a run.
const (
	kindStarted = "started"
	kindDryRun  = "rehearsal"
)

// executeRequestOf reads the query and the body of a request that starts a run.
func executeRequestOf(r *http.Request) (request executeRequest, dryRun bool, err error) {
	if dryRun, err = web.OnlyDryRunOf(r); err != nil {
		return request, dryRun, err
	}
	err = web.Decode(r, &request)
	return request, dryRun, err
}

// executionOf returns the submission of a first run. source is how it was asked for.
func executionOf(namespace, task, key string, source v1alpha1.TriggerSource, request executeRequest) submission {
	out := submission{id: ExecutionID(namespace, task, key), task: task, keyed: key != "", source: source}
	if web.Given(request.Params) {
		out.params = bytes.TrimSpace(request.Params)
	}
	if out.keyed {
		out.digest = DigestOf(key, out.params)
	}
	return out
}
