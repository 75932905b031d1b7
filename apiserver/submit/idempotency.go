package submit

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/params"
)

// HeaderIdempotencyKey names a request, so that its repetition is known for one:
// https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
const HeaderIdempotencyKey = "Idempotency-Key"

// HeaderReplayed is on the answer to a repetition.
const HeaderReplayed = "Idempotency-Replayed"

// maxIdempotencyKey in characters.
const maxIdempotencyKey = 255

// idempotencyKey reads the key of a request, empty when it has none. The draft has a string in quotes (RFC 9651),
// many clients send it bare: both are the same key.
func idempotencyKey(header http.Header) (string, error) {
	values := header.Values(HeaderIdempotencyKey)
	if len(values) == 0 {
		return "", nil
	}
	if len(values) > 1 {
		return "", web.Problemf(http.StatusBadRequest, "the header %s stands %d times; send it once", HeaderIdempotencyKey, len(values))
	}
	key, err := unquote(strings.Trim(values[0], " \t"))
	if err == nil {
		err = checkIdempotencyKey(key)
	}
	if err != nil {
		return "", web.Problemf(http.StatusBadRequest, "the header %s %v; send 1 to %d visible ASCII characters, such as a UUID", HeaderIdempotencyKey, err, maxIdempotencyKey)
	}
	return key, nil
}

// unquote reads a string of RFC 9651, section 4.2.5. What does not begin with a quote is taken as it is.
func unquote(value string) (string, error) {
	quoted, isQuoted := strings.CutPrefix(value, `"`)
	if !isQuoted {
		return value, nil
	}
	var key strings.Builder
	for i := 0; i < len(quoted); i++ {
		switch c := quoted[i]; {
		case c == '"' && i < len(quoted)-1:
			return "", errors.New("has something after its closing quote")
		case c == '"':
			return key.String(), nil
		case c == '\\' && i+1 < len(quoted) && (quoted[i+1] == '"' || quoted[i+1] == '\\'):
			i++
			key.WriteByte(quoted[i])
		case c == '\\':
			return "", errors.New("has a backslash before something other than a quote or a backslash")
		default:
			key.WriteByte(c)
		}
	}
	return "", errors.New("has no closing quote")
}

func checkIdempotencyKey(key string) error {
	if key == "" {
		return errors.New("is empty")
	}
	if len(key) > maxIdempotencyKey {
		return fmt.Errorf("has %d characters", len(key))
	}
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return fmt.Errorf("has a character at %d that is not visible ASCII", i)
		}
	}
	return nil
}

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

func (h *Handlers) submissionOf(in *access.Scope, r *http.Request, request executeRequest) (submission, error) {
	sent, err := h.keyOf(in, r)
	if err != nil {
		return submission{}, err
	}
	of := func(key string) submission { return h.executionOf(in, web.PathValue(r, "taskName"), key, request) }
	return of(sent.key).orFormer(of(sent.former)), nil
}

// ExecutionOf is the submission of a first run.
func (h *Handlers) executionOf(in *access.Scope, task, key string, request executeRequest) submission {
	out := submission{id: ExecutionID(in.Namespace, task, OwnKey(key, in.Who.Name())), task: task, user: in.User(), keyed: key != ""}
	if web.Given(request.Params) {
		out.params = bytes.TrimSpace(request.Params)
	}
	if out.keyed {
		out.digest = DigestOf(key, out.params)
	}
	return out
}

// repeated answers a repetition with the execution that exists, wherever it stands now, or says that the key was
// used for another body.
func (h *Handlers) repeated(in *access.Scope, w http.ResponseWriter, existing *v1alpha1.TaskExecution, submission submission) error {
	if !submission.made(existing) {
		return keyWasUsed(existing)
	}
	w.Header().Set(HeaderReplayed, "true")
	return replyStarted(w, existing)
}

func keyWasUsed(existing *v1alpha1.TaskExecution) *web.Problem {
	return web.Problemf(http.StatusConflict, "this %s was used for a request with another body, which made execution %q; use a new key for a new request",
		HeaderIdempotencyKey, existing.Name)
}

// repeatedWith answers a repetition of what has sensitive params. If the first sending came no further than the
// execution, it does what is left; a Secret that is there stays as it is.
func (h *Handlers) repeatedWith(in *access.Scope, w http.ResponseWriter, r *http.Request, existing *v1alpha1.TaskExecution, submission submission, secret map[string][]byte) error {
	half := len(secret) > 0 && existing.Spec.SecretParams != nil && existing.Status.Job == nil && !existing.Status.Phase.IsTerminal()
	if half && submission.made(existing) {
		if err := h.Stores(in.Namespace).CreateSecret(r.Context(), existing, secret); err != nil {
			return err
		}
	}
	return h.repeated(in, w, existing, submission)
}

// repeatedOr answers a request that is refused now. What its first sending made stands, though the task may have
// changed since, have been deleted, or be busy with that very execution.
func (h *Handlers) repeatedOr(in *access.Scope, w http.ResponseWriter, r *http.Request, submission submission, refusal error) error {
	if submission.digest == "" {
		return refusal
	}
	existing, err := h.recorded(r.Context(), in, submission)
	if err != nil {
		return err
	}
	if existing == nil {
		return refusal
	}
	return h.repeated(in, w, existing, submission)
}
