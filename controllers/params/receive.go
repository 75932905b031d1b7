// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

// Received are validated params of a client.
type Received struct {
	// Plain are the params to store: those that may be read, as they were sent, or nil.
	Plain []byte
	// Secret has the values of the sensitive params, as the container gets them.
	Secret map[string][]byte
	// Effective are the params as the container gets them: without the sensitive ones, with defaults.
	Effective []byte
}

// Receive validates params that a client sent, in the form in which the API server will store them, and refuses numbers
// that the API server would change. Its answer is that of Apply to what the API server returns.
func (s *Schema) Receive(given []byte) (received Received, problems FieldErrors) {
	seen := given
	if len(given) > 0 {
		if seen, problems = s.asStored(given); len(problems) > 0 {
			return Received{}, problems
		}
	}
	effective, problems := s.Apply(seen)
	if len(problems) > 0 {
		return Received{}, problems
	}
	if received.Effective, _, problems = s.Split(effective); len(problems) > 0 {
		return Received{}, problems
	}
	received.Plain, received.Secret, problems = s.Split(given)
	return received, problems
}

// asStored returns params as the API server returns them. The sensitive ones go into a Secret as they are written, and
// do not change.
func (s *Schema) asStored(given []byte) ([]byte, FieldErrors) {
	value, problem := decode(given)
	object, isObject := value.(map[string]any)
	if problem != "" || !isObject {
		return given, nil // Apply reports what is wrong with it
	}
	public := map[string]any{}
	for name, value := range object {
		if !s.IsSensitive(name) {
			public[name] = value
		}
	}
	plain, err := encode(public)
	if err != nil {
		return nil, FieldErrors{{Message: err.Error()}}
	}
	if problems := Unstorable(plain); len(problems) > 0 {
		_, more := s.Apply(given)
		return nil, append(problems, more...)
	}
	for name, value := range public {
		object[name] = stored(value)
	}
	raw, err := encode(object)
	if err != nil {
		return nil, FieldErrors{{Message: err.Error()}}
	}
	return raw, nil
}
