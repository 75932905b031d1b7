// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"crypto/sha256"
	"strings"

	"github.com/google/uuid"
)

// submissions is the UUID namespace of the ids of executions with a key.
var submissions = uuid.MustParse("6f0c3c0a-6d0b-4f7e-9d9e-2a7d5e1c8b43")

// ExecutionID returns the id of a new execution. With a key, it depends only on the key and the task: it is a UUID of
// version 8 (RFC 9562) made from a hash, so that the API server lets only one execution of a key exist. The hashed
// parts are separated by NUL, which none of them can contain.
func ExecutionID(namespace, task, key string) string {
	if key == "" {
		return uuid.NewString()
	}
	return keyedID(namespace, task, key)
}

// keyedID returns a UUID of version 8 made from parts.
func keyedID(parts ...string) string {
	return uuid.NewHash(sha256.New(), submissions, []byte(strings.Join(parts, "\x00")), 8).String()
}
