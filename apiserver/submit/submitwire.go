package submit

import (
	"encoding/json"

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
