// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// This file decodes each object separately. client-go decodes a whole list, or a watch event, at once. So one object with one bad
// field would fail the list, and nobody who lists would see any object of any namespace. With this file, the object says in
// Undecoded which field is missing, and the other objects are not affected.

// UnmarshalJSON decodes a Task. See decodeStored for fields that cannot be decoded.
func (t *Task) UnmarshalJSON(data []byte) (err error) {
	type plain Task // without this method
	t.Undecoded, err = decodeStored(data, (*plain)(t))
	return err
}

// UnmarshalJSON decodes a TaskExecution. See decodeStored for fields that cannot be decoded.
func (e *TaskExecution) UnmarshalJSON(data []byte) (err error) {
	type plain TaskExecution
	e.Undecoded, err = decodeStored(data, (*plain)(e))
	e.Size = int64(len(data)) // after decodeStored, which may overwrite the whole object
	return err
}

// UnmarshalJSON decodes a TaskSchedule. See decodeStored for fields that cannot be decoded.
func (s *TaskSchedule) UnmarshalJSON(data []byte) (err error) {
	type plain TaskSchedule
	s.Undecoded, err = decodeStored(data, (*plain)(s))
	return err
}

// decodeStored decodes an object into a struct, as client-go does. If that fails for a stored object, which has a resourceVersion, it
// leaves out the bad fields and returns them. For an object that is not stored, such as a manifest or the answer to a dry run, it
// returns the error, because the author can fix the object.
func decodeStored[T any](data []byte, into *T) (Undecoded, error) {
	err, suspect := errEndless, mayBeEndless(data)
	if !suspect {
		if err = utiljson.Unmarshal(data, into); err == nil {
			return nil, nil
		}
	}
	stored := isStored(data)
	if !stored && !suspect {
		return nil, err
	}
	// Text may look like an endless number, such as a UID with 1e12345 in it. The sieve finds out whether there is a real one.
	s := sieve{}
	kept, ok := s.keep(data, reflect.TypeFor[T](), "")
	if !ok || !stored && len(s.found) > 0 {
		return nil, err
	}
	var clean T
	if utiljson.Unmarshal(kept, &clean) != nil {
		return nil, err
	}
	*into = clean
	return s.found, nil
}

// isStored reports whether an object came from the API server.
func isStored(data []byte) bool {
	var o struct {
		Metadata struct {
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata"`
	}
	return utiljson.Unmarshal(data, &o) == nil && o.Metadata.ResourceVersion != ""
}

// sieve removes from an object what does not decode.
type sieve struct {
	found Undecoded
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// keep returns the part of a value that can be decoded into a type. ok is false if nothing can.
func (s *sieve) keep(value json.RawMessage, into reflect.Type, path string) (kept json.RawMessage, ok bool) {
	null := string(value) == "null"
	for into.Kind() == reflect.Pointer {
		if into = into.Elem(); null {
			return value, true
		}
	}
	if !null && !reflect.PointerTo(into).Implements(unmarshaler) {
		switch into.Kind() { //nolint:exhaustive // all other kinds are scalars
		case reflect.Struct:
			return s.keepFields(value, into, path)
		case reflect.Map:
			return s.keepMembers(value, path, func(key string) (field, string) { return field{of: into.Elem()}, path + "[" + key + "]" })
		case reflect.Slice:
			if into.Elem().Kind() != reflect.Uint8 {
				return s.keepItems(value, into, path)
			}
		}
	}
	err := errEndless
	if into != quantity || !mayBeEndless(value) {
		err = utiljson.Unmarshal(value, reflect.New(into).Interface())
	}
	if err != nil {
		s.report(path, problemOf(value, into, err))
	}
	return value, err == nil
}

func (s *sieve) keepFields(value json.RawMessage, into reflect.Type, path string) (json.RawMessage, bool) {
	fields := map[string]field{}
	fieldsOf(into, fields)
	return s.keepMembers(value, path, func(key string) (field, string) {
		if path == "" {
			return field{of: fields[key].of}, key // the object itself is always there
		}
		return fields[key], path + "." + key
	})
}

// keepMembers keeps the members of a JSON object that decode, and those without a type, which are not decoded. It does not keep an
// object that lacks a required member, because such an object could not be written back.
func (s *sieve) keepMembers(value json.RawMessage, path string, member func(key string) (field, string)) (json.RawMessage, bool) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(value, &members); err != nil {
		s.report(path, quoted(value)+" is not an object")
		return nil, false
	}
	whole := true
	for _, key := range slices.Sorted(maps.Keys(members)) {
		m, at := member(key)
		if m.of == nil {
			continue
		}
		kept, ok := s.keep(members[key], m.of, at)
		if members[key] = kept; !ok {
			delete(members, key)
			whole = whole && !m.required
		}
	}
	kept, ok := encode(members)
	return kept, ok && whole
}

func (s *sieve) keepItems(value json.RawMessage, into reflect.Type, path string) (json.RawMessage, bool) {
	var items, kept []json.RawMessage
	if err := json.Unmarshal(value, &items); err != nil {
		s.report(path, quoted(value)+" is not a list")
		return nil, false
	}
	kept = items[:0]
	for i, item := range items {
		if item, ok := s.keep(item, into.Elem(), path+"["+strconv.Itoa(i)+"]"); ok {
			kept = append(kept, item)
		}
	}
	return encode(kept)
}

func (s *sieve) report(path, problem string) {
	if len(s.found) < maxUndecoded {
		s.found = append(s.found, UndecodedField{Path: clip(path, maxUndecodedPath), Problem: problem})
	}
}

// encode returns a value as JSON. It does not change raw values in it.
func encode(value any) (json.RawMessage, bool) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSpace(out.Bytes()), err == nil
}
