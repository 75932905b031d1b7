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
	// Labels are labels of the run, its Job and its pods, at most 16, with Kubernetes' syntax. A rerun without labels
	// keeps those of the run that it repeats.
	Labels json.RawMessage `json:"labels,omitempty" jsonschema_extras:"type=object,type=null,additionalProperties=true"`
}

// executeBody is a decoded executeRequest.
type executeBody struct {
	executeRequest
	// labels are nil if the request has none.
	labels map[string]string
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
func executeRequestOf(r *http.Request) (request executeBody, dryRun bool, err error) {
	if dryRun, err = web.OnlyDryRunOf(r); err != nil {
		return request, dryRun, err
	}
	if err := web.Decode(r, &request.executeRequest); err != nil {
		return request, dryRun, err
	}
	request.labels, err = labelsOf(request.Labels)
	return request, dryRun, err
}

// executionOf returns the submission of a first run. source is how it was asked for.
func executionOf(namespace, task, key string, source v1alpha1.TriggerSource, request executeBody) submission {
	out := submission{id: ExecutionID(namespace, task, key), task: task, keyed: key != "", source: source}
	if web.Given(request.Params) {
		out.params = bytes.TrimSpace(request.Params)
	}
	if len(request.labels) > 0 {
		out.labels, out.labelled = request.labels, true
	}
	if out.keyed {
		out.digest = labelledDigest(key, DigestOf(key, out.params), out.labels)
	}
	return out
}
