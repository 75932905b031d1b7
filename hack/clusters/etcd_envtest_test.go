// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package clusters

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// etcdCall sends a request to etcd's JSON gateway.
func (c *cluster) etcdCall(t *testing.T, path string, request, answer any) {
	t.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.etcd+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("etcd answers %s with %s", path, response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		t.Fatal(err)
	}
}

// pair is a key of etcd with its value.
type pair struct {
	Key   []byte `json:"key"`
	Value []byte `json:"value"`
}

var stamp = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"`)

// age makes our objects in etcd older: each time in them is so much earlier, also when they were created. Names and annotations stay.
func (c *cluster) age(t *testing.T, by time.Duration) (aged int) {
	t.Helper()
	var found struct {
		KVs []pair `json:"kvs"`
	}
	c.etcdCall(t, "/v3/kv/range", map[string]any{"key": []byte("/registry/taskexec.dev/"), "range_end": []byte("/registry/taskexec.dev0")}, &found)
	for _, of := range found.KVs {
		object := map[string]any{}
		if err := json.Unmarshal(of.Value, &object); err != nil {
			t.Fatalf("%s: %v", of.Key, err)
		}
		metadata, ok := object["metadata"].(map[string]any)
		if !ok {
			t.Fatalf("%s has no metadata", of.Key)
		}
		annotations := metadata["annotations"]
		delete(metadata, "annotations")
		raw, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		raw = stamp.ReplaceAllFunc(raw, func(at []byte) []byte {
			was, err := time.Parse(time.RFC3339Nano, strings.Trim(string(at), `"`))
			if err != nil {
				return at
			}
			return fmt.Appendf(nil, "%q", was.Add(-by).Format(time.RFC3339Nano))
		})
		if annotations != nil {
			kept, err := json.Marshal(annotations)
			if err != nil {
				t.Fatal(err)
			}
			raw = bytes.Replace(raw, []byte(`"metadata":{`), fmt.Appendf(nil, `"metadata":{"annotations":%s,`, kept), 1)
		}
		c.etcdCall(t, "/v3/kv/put", pair{of.Key, raw}, &struct{}{})
		aged++
	}
	return aged
}
