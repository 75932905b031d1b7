// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// encode writes a value as the container gets it. "<" is not escaped, because a program reads it, and no web page.
func encode(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("writing JSON: %w", err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// encodeBounded encodes params, and refuses more than a container can get. It counts the JSON that the container gets,
// not the JSON that was sent: the API server and clients write "<" in six bytes and add spaces between fields.
func encodeBounded(object map[string]any) (raw []byte, problem string) {
	raw, err := encode(object)
	switch {
	case err != nil:
		return nil, err.Error()
	case len(raw) > v1alpha1.MaxParamsBytes:
		return nil, fmt.Sprintf("params are %d bytes of JSON, but a container gets %d at most", len(raw), v1alpha1.MaxParamsBytes)
	default:
		return raw, ""
	}
}
