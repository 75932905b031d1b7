// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/redact"
)

// A result has no value of a sensitive param, in none of the forms in which programs print it.
func TestCase46ResultInAnyForm(t *testing.T) {
	const value = `hunter2 & "friends"`
	for name, message := range map[string]string{
		"text":                     "login with " + value,
		"in a URL":                 "GET /login?password=" + url.QueryEscape(value),
		"base64 with the user":     "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("ann:"+value)),
		"in JSON":                  `{"url":"/login?password=` + url.QueryEscape(value) + `","password":"hunter2 \u0026 \"friends\""}`,
		"JSON in JSON":             `{"body":"{\"password\":\"hunter2 \\u0026 \\\"friends\\\"\"}"}`,
		"the name of a JSON field": `{"hunter2 & \"friends\"":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := given().job().pod(exited(0), wrote("main", message)).counted(1, 0).jobEnds(batchv1.JobComplete, "")
			s.Execution.Spec.SecretParams = &v1alpha1.SecretParams{SecretName: "login", Names: []string{"password"}}
			s.Redact = redact.New([]string{value})
			result := Decide(s.Observation).Status.Result
			if result == nil || !strings.Contains(string(result.Raw), redact.Marker) {
				t.Fatalf("result %+v", result)
			}
			for _, part := range []string{"hunter2", "friends", "aHVudGVyMi", "h1bnRlcjI", "odW50ZXIy"} {
				if strings.Contains(string(result.Raw), part) {
					t.Errorf("result %s has %s", result.Raw, part)
				}
			}
		})
	}
}
