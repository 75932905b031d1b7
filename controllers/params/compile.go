// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import (
	"crypto/sha256"

	"k8s.io/utils/lru"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// remembered is how many compiled schemas are cached: more than the Tasks that run at one time in a cluster. With the
// largest allowed schemas, the cache takes some tens of MiB.
const remembered = 256

// memory caches recently compiled schemas by the hash of their text. All runs of a Task have the same schema, and
// compiling it takes longer than any other decision about a run. The same text always gives the same Schema.
var memory = lru.New(remembered)

// outcome is the result of a compilation.
type outcome struct {
	schema *Schema
	err    error
}

// Compile compiles a JSON Schema, of draft 2020-12 unless $schema names another. Without a schema every object is
// valid. The error says what is wrong. A $ref to another document is an error, because a schema must always mean the
// same.
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
