// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// The time limit of a body: BodyPatience, plus a second for each BodyRate bytes that have arrived, and at most
// BodyLimit.
const (
	BodyPatience = 3 * time.Second
	BodyRate     = 16 << 10 // bytes a second
	BodyLimit    = 15 * time.Second
	// bodyPiece is how many bytes are read between two checks of the time.
	bodyPiece = 16 << 10
)

// BodyTime returns the time limit of a body after the given number of bytes has arrived.
func BodyTime(bytes int) time.Duration {
	most := int(BodyLimit/time.Second) * BodyRate
	return min(BodyPatience+time.Duration(min(bytes, most))*time.Second/BodyRate, BodyLimit)
}

// HasBody reports whether a request has a body to read. The body of a GET is ignored.
func HasBody(r *http.Request) bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead && r.Body != nil && r.Body != http.NoBody && r.ContentLength != 0
}

// ReadBody reads a body completely within its time limit, and replaces it by the bytes read. Decoding the body returns
// errors other than slowness again.
func ReadBody(w http.ResponseWriter, r *http.Request) error {
	control, begun := http.NewResponseController(w), time.Now()
	var read bytes.Buffer
	for {
		// A writer without a connection, as in tests, has no deadline.
		_ = control.SetReadDeadline(begun.Add(BodyTime(read.Len())))
		_, err := io.CopyN(&read, r.Body, bodyPiece)
		switch {
		case errors.Is(err, io.EOF):
			err = nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return Problemf(http.StatusRequestTimeout, "the body was sent too slowly: %d bytes arrived in %s; a body must arrive within %s, at %d KiB a second",
				read.Len(), time.Since(begun).Round(time.Second), BodyLimit, BodyRate>>10)
		case err == nil:
			continue
		}
		_ = control.SetReadDeadline(time.Time{}) // the next request has a time limit of its own
		r.Body = wholeBody{io.MultiReader(&read, failing{err})}
		return nil
	}
}

// wholeBody is a body that was read before its request is served.
type wholeBody struct{ io.Reader }

func (wholeBody) Close() error { return nil }

// leaveBody closes the connection of a request that is rejected before its body was read. So nothing waits for the rest
// of the body.
func leaveBody(w http.ResponseWriter, r *http.Request) {
	if _, read := r.Body.(wholeBody); read || !HasBody(r) {
		return
	}
	w.Header().Set("Connection", "close")
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(BodyPatience)) // writers in tests have no deadline
}

// failing returns an error on each read.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}
