// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import (
	"encoding/json"
	"strconv"

	"github.com/taskexec/taskexec/controllers/numbers"
	"github.com/taskexec/taskexec/controllers/phrases"
)

// Unstorable finds the numbers in params that lose digits in the API server, which reports no error:
// 12345678901234567890 would come back as 12345678901234567000, and 12345678901234567.89 as 12345678901234568. The
// facade has the text as it was sent, and finds all of them. The controller has what the API server returns, which
// shows that a whole number was too long, but not that a decimal was rounded. A text that is not a JSON object has no
// such numbers; Apply reports what is wrong with it.
func Unstorable(given []byte) FieldErrors {
	value, problem := decode(given)
	if problem != "" {
		return nil
	}
	var found FieldErrors
	eachNumber(value, nil, func(n json.Number, path []string) json.Number {
		if _, loss := numbers.Stored(n.String()); loss != numbers.None {
			found = append(found, wrong(Pointer(path...), lossSentence(loss)))
		}
		return n
	})
	return bounded(found)
}

// stored returns a value as it comes back from the API server, if that loses nothing. It changes the value.
func stored(value any) any {
	return eachNumber(value, nil, func(n json.Number, _ []string) json.Number {
		text, _ := numbers.Stored(n.String())
		return json.Number(text)
	})
}

// eachNumber replaces each number of a value, in place if the value has parts.
func eachNumber(value any, path []string, replace func(n json.Number, path []string) json.Number) any {
	switch v := value.(type) {
	case map[string]any:
		for key, child := range v {
			v[key] = eachNumber(child, append(path[:len(path):len(path)], key), replace)
		}
	case []any:
		for i, child := range v {
			v[i] = eachNumber(child, append(path[:len(path):len(path)], strconv.Itoa(i)), replace)
		}
	case json.Number:
		return replace(v, path)
	}
	return value
}

func lossSentence(loss numbers.Loss) phrases.Text {
	switch loss {
	case numbers.TooLong:
		return sayTooLong.With()
	case numbers.Rounded:
		return sayRounded.With()
	case numbers.TooLarge:
		return sayNoFloat.With()
	case numbers.None:
	}
	return phrases.Text{}
}
