package params

import (
	"crypto/sha256"

	"k8s.io/utils/lru"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// remembered is how many schemas are kept compiled: more than a cluster has Tasks that run at one time, and few enough
// that the largest ones that are allowed take some tens of MiB.
const remembered = 256

// memory has the schemas that were compiled last, by the hash of their text. All runs of a Task have one, and to compile
// it takes longer than all else that is decided of a run. The same text always gives the same Schema, so that nobody
// can tell whether it came from here.
var memory = lru.New(remembered)

// outcome of a compilation.
type outcome struct {
	schema *Schema
	err    error
}

// Compile reads a JSON Schema, draft 2020-12 unless $schema names another. Without one, every object is
// valid. An error says what is wrong with the schema; a $ref to anywhere outside of it is one, because a
// schema must mean the same at all times.
func Compile(schema []byte) (*Schema, error) {
	key := sha256.Sum256(schema)
	if known, found := memory.Get(key); found {
		if o, ok := known.(outcome); ok {
			return o.schema, o.err
		}
	}
	compiled, err := compile(schema)
	memory.Add(key, outcome{compiled, err})
	return compiled, err
}

// Of compiles the parameters of a Task.
func Of(task *v1alpha1.Task) (*Schema, error) {
	if task.Spec.Parameters == nil {
		return Compile(nil)
	}
	return Compile(task.Spec.Parameters.Raw)
}
