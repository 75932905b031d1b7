// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
)

// HeaderIdempotencyKey identifies a request, so that a repetition is recognized:
// https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
const HeaderIdempotencyKey = "Idempotency-Key"

// HeaderReplayed marks the answer to a repetition.
const HeaderReplayed = "Idempotency-Replayed"

// maxIdempotencyKey is the longest key in characters.
const maxIdempotencyKey = 255

// idempotencyKey returns the key of a request, empty if it has none. In the draft, the key is a quoted string (RFC
// 9651), but many clients send it without quotes. Both forms are the same key.
func idempotencyKey(header http.Header) (string, error) {
	values := header.Values(HeaderIdempotencyKey)
	if len(values) == 0 {
		return "", nil
	}
	if len(values) > 1 {
		return "", web.Problemf(http.StatusBadRequest, "the header %s was sent %d times; send it once", HeaderIdempotencyKey, len(values))
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

// unquote parses a string of RFC 9651, section 4.2.5. It returns a text without a leading quote unchanged.
func unquote(value string) (string, error) {
	quoted, isQuoted := strings.CutPrefix(value, `"`)
	if !isQuoted {
		return value, nil
	}
	var key strings.Builder
	for i := 0; i < len(quoted); i++ {
		switch c := quoted[i]; {
		case c == '"' && i < len(quoted)-1:
			return "", errors.New("has text after the closing quote")
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

// submissionKey is an Idempotency-Key in the form that is used for ids and digests.
type submissionKey struct {
	// key is the input of ids and digests, empty if no key was sent.
	key string
	// former is the input that was used before there was a secret. It is empty if there is no secret.
	former string
}

// submission returns the submission of the request's caller. of makes a submission of a key.
func (k submissionKey) submission(in *access.Scope, of func(key string) submission) submission {
	caller := in.Who.Name()
	s := of(OwnKey(k.key, caller)).orFormer(of(OwnKey(k.former, caller)))
	s.user = in.User()
	return s
}

// keyOf returns the key of a request.
func (h *Handlers) keyOf(r *http.Request) (submissionKey, error) {
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
