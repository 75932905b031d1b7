// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/params"
)

// These are the variables that each container of a run gets.
const (
	EnvTaskName    = "TASK_NAME"
	EnvExecutionID = "TASK_EXECUTION_ID"
	EnvParams      = "TASK_PARAMS"
	EnvParamPrefix = params.VariablePrefix
)

// environment returns a run's parameters as variables: TASK_PARAMS with all of them as JSON, and TASK_PARAM_<NAME> for
// each top-level string, number and boolean, unless another name gives the same variable. Sensitive params are in
// neither.
func environment(schema *params.Schema, task, execution string, given []byte) ([]corev1.EnvVar, error) {
	env := []corev1.EnvVar{
		literal(EnvTaskName, task),
		literal(EnvExecutionID, execution),
		literal(EnvParams, string(given)),
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(given, &fields); err != nil {
		return nil, fmt.Errorf("params are no JSON object: %w", err)
	}
	names := slices.Sorted(maps.Keys(fields))
	variables := schema.Variables(names)
	for _, name := range names {
		if value, isScalar := scalar(fields[name]); isScalar && variables[name] != "" {
			env = append(env, literal(variables[name], value))
		}
	}
	return env, nil
}

// secretEnvironment makes the kubelet read the sensitive params from their Secret, as one TASK_PARAM_<NAME> each, so
// that no value is in the Job. The kubelet expands nothing in such values.
func secretEnvironment(schema *params.Schema, from *v1alpha1.SecretParams) (env []corev1.EnvVar) {
	if from == nil {
		return nil
	}
	variables := schema.Variables(from.Names)
	for _, name := range slices.Sorted(slices.Values(from.Names)) {
		if variables[name] == "" {
			continue // not reached for a name that is sensitive in the schema
		}
		env = append(env, corev1.EnvVar{Name: variables[name], ValueFrom: &corev1.EnvVarSource{
			SecretKeyRef: &corev1.SecretKeySelector{
				LocalObjectReference: corev1.LocalObjectReference{Name: from.SecretName},
				Key:                  name,
			},
		}})
	}
	return env
}

// literal escapes a value, because the kubelet expands $(NAME) in the values of variables and turns $$ into a plain
// dollar.
func literal(name, value string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, Value: strings.ReplaceAll(value, "$", "$$")}
}

// scalar returns a JSON string without its quotes, a number exactly as it was written, and true or false. It refuses a
// string with a NUL, which no environment can hold.
func scalar(raw json.RawMessage) (string, bool) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return "", false
	}
	switch raw[0] {
	case '{', '[', 'n':
		return "", false
	case '"':
		var s string
		if json.Unmarshal(raw, &s) != nil || strings.ContainsRune(s, 0) {
			return "", false
		}
		return s, true
	default:
		return string(raw), true
	}
}

// withEnvironment puts our variables first, so that those of the template may refer to them. It drops the template's
// variables of the same names: nothing overrides a run's params.
func withEnvironment(ours, theirs []corev1.EnvVar) []corev1.EnvVar {
	taken := make(map[string]bool, len(ours))
	for i := range ours {
		taken[ours[i].Name] = true
	}
	merged := slices.Clone(ours)
	for i := range theirs {
		if !taken[theirs[i].Name] {
			merged = append(merged, theirs[i])
		}
	}
	return merged
}
