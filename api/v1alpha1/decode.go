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

// This file decodes each object by itself. client-go decodes a whole list, or an event of a watch, at once: without
// it one object with one bad field fails the list, and whoever lists sees no object of any namespace any more. With
// it the object says in Undecoded which field is missing, and its neighbours are as they were.

// UnmarshalJSON decodes a Task. See decodeStored for what becomes of fields that cannot be decoded.
func (t *Task) UnmarshalJSON(data []byte) (err error) {
	type plain Task // without this method
	t.Undecoded, err = decodeStored(data, (*plain)(t))
	return err
}

// UnmarshalJSON decodes a TaskExecution. See decodeStored for what becomes of fields that cannot be decoded.
func (e *TaskExecution) UnmarshalJSON(data []byte) (err error) {
	type plain TaskExecution
	e.Undecoded, err = decodeStored(data, (*plain)(e))
	e.Size = int64(len(data)) // after decodeStored, which may set the whole object anew
	return err
}

// UnmarshalJSON decodes a TaskSchedule. See decodeStored for what becomes of fields that cannot be decoded.
func (s *TaskSchedule) UnmarshalJSON(data []byte) (err error) {
	type plain TaskSchedule
	s.Undecoded, err = decodeStored(data, (*plain)(s))
	return err
}

// decodeStored decodes an object into a struct, as client-go does. Where that fails and the object was stored, which
// its resourceVersion tells, the fields at fault are left out and returned. Of an object that was not stored, such as
// a manifest or the answer to a dry run, an error is an error: its author is there and can mend it.
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
	// Text may look like an endless number, such as a UID with 1e12345 in it. The sieve finds out whether one is there.
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

// sieve takes out of an object what does not decode.
type sieve struct {
	found Undecoded
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// keep gives what can be decoded of a value into a type. ok is false when nothing of it can.
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

// keepMembers keeps of a JSON object the members that decode, and those that have no type, which are not decoded. An
// object without a member that it must have is not kept: it could not be written back.
func (s *sieve) keepMembers(value json.RawMessage, path string, member func(key string) (field, string)) (json.RawMessage, bool) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(value, &members); err != nil {
		s.report(path, quoted(value)+" is no object")
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
		s.report(path, quoted(value)+" is no list")
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

// encode leaves the raw values in it as they are.
func encode(value any) (json.RawMessage, bool) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSpace(out.Bytes()), err == nil
}
