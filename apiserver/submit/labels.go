// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/params"
)

// ParseLabels parses the field labels of a body: an object of strings, or null. It returns nil if there is none. The
// problems have JSON pointers to the keys (RFC 6901).
func ParseLabels(raw json.RawMessage) (labels map[string]string, problems []web.FieldError) {
	if !web.Given(raw) {
		return nil, nil
	}
	var given map[string]json.RawMessage
	if json.Unmarshal(raw, &given) != nil {
		return nil, []web.FieldError{{Pointer: "/labels", Detail: "must be an object of strings"}}
	}
	labels = make(map[string]string, len(given))
	for _, key := range slices.Sorted(maps.Keys(given)) {
		var value *string
		if json.Unmarshal(given[key], &value) != nil || value == nil {
			return nil, []web.FieldError{labelError(key, "must be a string")}
		}
		labels[key] = *value
	}
	for _, p := range jobspec.CheckRunLabels(labels) {
		problem := labelError(p.Key, p.Detail)
		if p.TooMany {
			problem.Pointer = "/labels"
		}
		problems = append(problems, problem)
	}
	return labels, problems
}

// labelError returns a problem of one label.
func labelError(key, detail string) web.FieldError {
	return web.FieldError{Pointer: "/labels" + params.Pointer(key), Detail: detail}
}

// labelsOf is ParseLabels for a request that starts a run. The error is a 400.
func labelsOf(raw json.RawMessage) (map[string]string, error) {
	labels, problems := ParseLabels(raw)
	if len(problems) > 0 {
		return nil, labelsProblem(problems...)
	}
	return labels, nil
}

func labelsProblem(problems ...web.FieldError) *web.Problem {
	parts := make([]string, len(problems))
	for i, p := range problems {
		parts[i] = p.Pointer + ": " + p.Detail
	}
	answer := web.Problemf(http.StatusBadRequest, "the labels are not accepted: %s", strings.Join(parts, "; "))
	answer.Errors = problems
	return answer
}

// takesLabels rejects a label in the request that the task does not allow. Labels that the submission copies from a run
// or a schedule are judged by allowed.
func (s submission) takesLabels(task *v1alpha1.Task) error {
	if !s.labelled {
		return nil
	}
	var problems []web.FieldError
	for _, p := range jobspec.ForbiddenLabels(task, s.labels) {
		problems = append(problems, labelError(p.Key, p.Detail))
	}
	if err := jobspec.CheckQueue(task, s.labels); err != nil {
		problems = append(problems, labelError(v1alpha1.LabelKueueQueue, err.Error()))
	}
	if len(problems) > 0 {
		return labelsProblem(problems...)
	}
	return nil
}

// labelledDigest extends the digest of a body by its labels. Without labels, the digest is the same as before there were
// labels, so that earlier keys stay known. Nil and empty labels differ only for a rerun, where nil keeps those of the
// original. An empty digest stays empty.
func labelledDigest(key, digest string, labels map[string]string) string {
	if labels == nil || digest == "" {
		return digest
	}
	canonical, err := json.Marshal(labels) // with sorted keys
	if err != nil {
		return "" // unreachable: strings can always be encoded
	}
	return macOf(key, fmt.Appendf(nil, "%s\n%s", digest, canonical))
}
