// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/params"
)

const (
	// secretGrace is how long after the creation of an execution a missing Secret is not reported, because the facade
	// creates it right after the execution. Creation times have whole seconds.
	secretGrace = 3 * time.Second
	// secretSoon is the delay between reads of the Secret within secretGrace, and secretRetry the delay after that. No
	// event announces the Secret, because we do not watch Secrets.
	secretSoon  = 100 * time.Millisecond
	secretRetry = 2 * time.Second
)

// withSecretParams adds the values of the sensitive params to the others, so that all are validated together. If that
// is not possible, it returns what to do. Its messages never quote a value.
func withSecretParams(o *Observation, f facts, schema *params.Schema, given []byte) (joined []byte, s step, ok bool) {
	if readable := readable(schema, given); len(readable) > 0 {
		return nil, fail(v1alpha1.ReasonSensitiveParamReadable, fmt.Sprintf(
			"task %q takes %s as sensitive, and in spec.params anyone can read it: change the value where it is used, put the new one into a Secret with the label %s: \"true\", and name it in spec.secretParams of a new execution",
			o.Task.Name, strings.Join(readable, ", "), v1alpha1.LabelParams)), false
	}
	if s, waits := secretWaits(o, f); waits {
		return nil, s, false
	}
	from := o.Execution.Spec.SecretParams
	if from == nil {
		return given, step{}, true
	}
	joined, problems := schema.Join(given, SecretValues(o.Secret, from))
	if len(problems) > 0 {
		return nil, fail(v1alpha1.ReasonInvalidParams, problems.Error()), false
	}
	return joined, step{}, true
}

// secretWaits returns what to do if the Secret of the sensitive params is missing.
func secretWaits(o *Observation, f facts) (s step, waits bool) {
	from := o.Execution.Spec.SecretParams
	if from == nil {
		return step{}, false
	}
	missing := missingSecret(o, from)
	if missing == "" {
		return step{}, false
	}
	if o.Execution.Status.Phase == "" && o.Now.Sub(o.Execution.CreationTimestamp.Time) < secretGrace {
		return step{hold: true, requeue: secretSoon}, true
	}
	return waitForStart(o, f, v1alpha1.ReasonSecretNotFound, missing), true
}

// readable returns the sensitive params that are in spec.params. It returns none if spec.params is not a JSON object.
func readable(schema *params.Schema, given []byte) (names []string) {
	if _, secret, problems := schema.Split(given); len(secret) > 0 || len(problems) > 0 {
		for _, name := range schema.Sensitive() {
			if _, is := secret[name]; is {
				names = append(names, fmt.Sprintf("%q", name))
			}
		}
		for _, p := range problems {
			names = append(names, fmt.Sprintf("%q", strings.TrimPrefix(p.Pointer, "/")))
		}
	}
	return names
}

// missingSecret says what is missing, or is empty. A Secret that the execution may not use looks like one that does not
// exist, and the run waits in the same way. Otherwise a user who may create executions could find out which Secrets
// exist.
func missingSecret(o *Observation, from *v1alpha1.SecretParams) string {
	switch {
	case o.SecretTrouble != "":
		return fmt.Sprintf("secret %q of the sensitive params cannot be read: %s", from.SecretName, o.SecretTrouble)
	case o.Secret == nil || !MayUse(o.Secret, o.Execution):
		return fmt.Sprintf("there is no secret %q for the sensitive params in namespace %q: it does not exist, or lacks the label %s: \"true\", by which its owner allows this use",
			from.SecretName, o.Execution.Namespace, v1alpha1.LabelParams)
	}
	for _, name := range from.Names {
		if _, is := o.Secret.Data[name]; !is {
			return fmt.Sprintf("secret %q has no key %q", from.SecretName, name)
		}
	}
	return ""
}

// MayUse reports whether a Secret was created for this execution or is labelled for such use. Otherwise a user who may
// create executions but not read Secrets could make a task print any Secret, or try values until one is redacted.
func MayUse(secret *corev1.Secret, execution *v1alpha1.TaskExecution) bool {
	return metav1.IsControlledBy(secret, execution) || secret.Labels[v1alpha1.LabelParams] == "true"
}

// SecretValues returns the values that an execution takes from a Secret.
func SecretValues(secret *corev1.Secret, from *v1alpha1.SecretParams) map[string][]byte {
	values := make(map[string][]byte, len(from.Names))
	for _, name := range from.Names {
		if value, is := secret.Data[name]; is {
			values[name] = value
		}
	}
	return values
}
