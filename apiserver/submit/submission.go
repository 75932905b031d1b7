package submit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/google/uuid"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/params"
)

// submissions is the space of the ids of executions that were asked for with a key.
var submissions = uuid.MustParse("6f0c3c0a-6d0b-4f7e-9d9e-2a7d5e1c8b43")

// ExecutionID gives a new execution its id. With a key it is the same for the same task: a UUID of version 8
// (RFC 9562) made of a hash, so that the API server itself lets only one execution of a key exist. The parts are
// told apart by NUL, which none of them can have.
func ExecutionID(namespace, task, key string) string {
	if key == "" {
		return uuid.NewString()
	}
	return keyedID(namespace, task, key)
}

func keyedID(parts ...string) string {
	return uuid.NewHash(sha256.New(), submissions, []byte(strings.Join(parts, "\x00")), 8).String()
}

// OwnKey keeps the keys of callers apart: somebody else's key must not show what it made. A key has no NUL.
func OwnKey(key, caller string) string {
	if key == "" || caller == "" {
		return key
	}
	return key + "\x00" + caller
}

// DigestOf a body says whether two are the same, whatever the order of their fields and the space between. No
// params and empty params are the same. It is keyed, because it can be read by more people than some params:
// who does not know the key cannot try what was sent. Of params that are no JSON object it is empty.
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

// submission is an execute request. One with an Idempotency-Key may have been sent before.
type submission struct {
	// id of the execution that it makes or has made.
	id     string
	task   string
	params []byte
	source v1alpha1.TriggerSource
	// user who sent it, as resources have the name.
	user string
	// original is the execution that is run again, nil of a first run, and same says that it is with its params.
	original *v1alpha1.TaskExecution
	same     bool
	// schedule that is run now, nil where none is.
	schedule *v1alpha1.TaskSchedule
	// digest of the body, empty without a key.
	digest string
	// keyed: it has a key.
	keyed bool
	// formerID and formerDigest are what id and digest would be without the installation's secret, empty where there is none.
	formerID, formerDigest string
}

// made tells whether an execution was made by it.
func (s submission) made(existing *v1alpha1.TaskExecution) bool {
	digest := s.digest
	if existing.Name == s.formerID {
		digest = s.formerDigest
	}
	return digest != "" && existing.Annotations[v1alpha1.AnnotationSubmission] == digest && existing.Spec.TaskRef.Name == s.task
}

// orFormer adds to a submission by what it is known if an earlier version of the facade made it.
func (s submission) orFormer(former submission) submission {
	if former.keyed {
		s.formerID, s.formerDigest = former.id, former.digest
	}
	return s
}

// execution is what is recorded of a submission.
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
	s.continues(execution)
	s.belongs(execution)
	return execution
}
