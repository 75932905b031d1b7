package submit

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// executeRequest asks for a run.
type executeRequest struct {
	// Params are judged by the schema of the task.
	Params json.RawMessage `json:"params,omitempty" jsonschema_extras:"type=object,type=null,additionalProperties=true"`
}

// Started answers an execute: the execution, and the same once more under data, for clients that read
// response.data.executionId as the quick reference's first scenario does.
type Started struct {
	wire.Execution
	// Kind tells the answer from that of a dry run.
	Kind string `json:"kind" jsonschema:"enum=started"`
	// Data is the same execution.
	Data wire.Execution `json:"data"`
}

// Kinds of the answer to what makes a run.
const (
	kindStarted   = "started"
	kindRehearsal = "rehearsal"
)

// executeRequestOf reads the query and the body of what makes an execution.
func executeRequestOf(r *http.Request) (request executeRequest, dryRun bool, err error) {
	if dryRun, err = web.OnlyDryRunOf(r); err != nil {
		return request, dryRun, err
	}
	err = web.Decode(r, &request)
	return request, dryRun, err
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
