package submit

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
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

// submissionKey is an Idempotency-Key as it counts.
type submissionKey struct {
	// key that ids and digests are made of, empty when none was sent.
	key string
	// former is what they were made of before there was a secret. It is empty if there is none.
	former string
}

// keyOf reads the key of a request.
func (h *Handlers) keyOf(in *access.Scope, r *http.Request) (submissionKey, error) {
	key, err := idempotencyKey(r.Header)
	if err != nil || key == "" {
		return submissionKey{}, err
	}
	concealed, err := h.Secret.conceal(key)
	if err != nil || concealed == key {
		return submissionKey{key: concealed}, err
	}
	return submissionKey{key: concealed, former: key}, nil
}
