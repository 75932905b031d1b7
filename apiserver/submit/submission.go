// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/params"
)

// OwnKey makes the keys of different callers different: a key must not show what it created for another caller. A key
// contains no NUL.
func OwnKey(key, caller string) string {
	if key == "" || caller == "" {
		return key
	}
	return key + "\x00" + caller
}

// DigestOf returns a digest of a body. It does not depend on the order of fields or on spaces. No params and empty
// params are the same. It depends on the key, because more people can read the digest than some of the params: without
// the key, nobody can find the params by trying. It is empty if the params are not a JSON object.
func DigestOf(key string, given []byte) string {
	canonical, problems := new(params.Schema).Apply(given)
	if len(problems) > 0 {
		return ""
	}
	return macOf(key, canonical)
}

func macOf(key string, canonical []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(canonical)
	return "hmac-sha256:" + hex.EncodeToString(mac.Sum(nil))
}

// submission is a request to start a run. With an Idempotency-Key, it may be a repetition.
type submission struct {
	// id is the id of the submission's execution.
	id     string
	task   string
	params []byte
	// labels are the labels of the run. labelled says that the request has them, and that they are not those of a run
	// or a schedule.
	labels   map[string]string
	labelled bool
	source   v1alpha1.TriggerSource
	// user is the caller's name, as resources record it.
	user string
	// original is the execution to run again, nil for a first run. same says that its params are used.
	original *v1alpha1.TaskExecution
	same     bool
	// schedule is the schedule to run now, nil if there is none.
	schedule *v1alpha1.TaskSchedule
	// digest is the digest of the body, empty without a key.
	digest string
	// keyed says that the submission has a key.
	keyed bool
	// formerID and formerDigest are id and digest without the installation's secret. They are empty if there is no
	// secret.
	formerID, formerDigest string
}

// made reports whether the submission created an execution.
func (s submission) made(existing *v1alpha1.TaskExecution) bool {
	digest := s.digest
	if existing.Name == s.formerID {
		digest = s.formerDigest
	}
	return digest != "" && existing.Annotations[v1alpha1.AnnotationSubmission] == digest && existing.Spec.TaskRef.Name == s.task
}

// orFormer adds the id and digest that an earlier version of the facade would have used.
func (s submission) orFormer(former submission) submission {
	if former.keyed {
		s.formerID, s.formerDigest = former.id, former.digest
	}
	return s
}

// execution returns the execution of a submission.
func (s submission) execution(received params.Received) *v1alpha1.TaskExecution {
	execution := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Name: s.id}}
	if s.digest != "" {
		metav1.SetMetaDataAnnotation(&execution.ObjectMeta, v1alpha1.AnnotationSubmission, s.digest)
	}
	execution.Spec.TaskRef.Name = s.task
	execution.Spec.Trigger.Source, execution.Spec.Trigger.User = s.source, s.user
	jobspec.Label(execution)
	if received.Plain != nil {
		execution.Spec.Params = &apiextensionsv1.JSON{Raw: received.Plain}
	}
	if len(received.Secret) > 0 {
		execution.Spec.SecretParams = secretParamsOf(execution.Name, received.Secret)
	}
	s.copyOriginal(execution)
	s.markSchedule(execution)
	jobspec.SetRunLabels(execution, s.labels)
	return execution
}
