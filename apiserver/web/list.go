// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// listChunk is how many bytes of a list are encoded before they are sent. So a list takes only that much memory plus
// its largest value, even if its client reads slowly.
const listChunk = 64 << 10

// ReplyList sends n values separated by commas, between the texts before and after. It gets and encodes one value at a time. An
// error of value is the answer to the request, or ends the connection if a part of the list was sent already.
func ReplyList(w http.ResponseWriter, before, after string, n int, value func(i int) (any, error)) error {
	var chunk bytes.Buffer
	begun := false
	flush := func() {
		if !begun {
			w.Header().Set("Content-Type", "application/json")
			begun = true
		}
		_, _ = w.Write(chunk.Bytes()) // there is no client to report an error to
		chunk.Reset()
	}
	chunk.WriteString(before)
	for i := range n {
		raw, err := encoded(value(i))
		if err != nil && begun {
			panic(http.ErrAbortHandler) // half a list must not look like a whole one
		}
		if err != nil {
			return err
		}
		if i > 0 {
			chunk.WriteByte(',')
		}
		if chunk.Write(raw); chunk.Len() >= listChunk {
			flush()
		}
	}
	chunk.WriteString(after + "\n")
	flush()
	return nil
}

func encoded(value any, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return json.Marshal(value)
}
