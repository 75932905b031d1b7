package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// How long a body may take. It begins with BodyPatience, earns a second for each BodyRate bytes that came, and never
// has more than BodyLimit.
const (
	BodyPatience = 3 * time.Second
	BodyRate     = 16 << 10 // bytes a second
	BodyLimit    = 15 * time.Second
	// bodyPiece is how much is read between two looks at the clock, in bytes.
	bodyPiece = 16 << 10
)

// BodyTime is how long a body may take of which so many bytes have come.
func BodyTime(bytes int) time.Duration {
	most := int(BodyLimit/time.Second) * BodyRate
	return min(BodyPatience+time.Duration(min(bytes, most))*time.Second/BodyRate, BodyLimit)
}

// HasBody tells whether a request has one that is read: a GET's is of no meaning.
func HasBody(r *http.Request) bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead && r.Body != nil && r.Body != http.NoBody && r.ContentLength != 0
}

// ReadBody reads a body to its end, within its time, and puts what was read in its place. What was wrong with it but
// for its pace comes again when it is decoded.
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
			return Problemf(http.StatusRequestTimeout, "the body was sent too slowly: %d bytes of it came in %s, and it must come within %s, and %d KiB in a second",
				read.Len(), time.Since(begun).Round(time.Second), BodyLimit, BodyRate>>10)
		case err == nil:
			continue
		}
		_ = control.SetReadDeadline(time.Time{}) // what comes now is another request, which has a limit of its own
		r.Body = wholeBody{io.MultiReader(&read, failing{err})}
		return nil
	}
}

// wholeBody was read before its request was served.
type wholeBody struct{ io.Reader }

func (wholeBody) Close() error { return nil }

// leaveBody ends the connection of a request that is refused before its body was read: its answer does not wait for
// what is still to come, nor does anything wait for it for long.
func leaveBody(w http.ResponseWriter, r *http.Request) {
	if _, read := r.Body.(wholeBody); read || !HasBody(r) {
		return
	}
	w.Header().Set("Connection", "close")
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(BodyPatience)) // a writer of tests has none
}

// failing gives an error, or nothing.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}
