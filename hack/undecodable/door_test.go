// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package undecodable_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/hack/undecodable"
)

// kinds maps the file of each CRD to a constructor of its kind.
var kinds = map[string]func() client.Object{
	"../../config/crd/bases/taskexec.dev_tasks.yaml":          func() client.Object { return &v1alpha1.Task{} },
	"../../config/crd/bases/taskexec.dev_taskexecutions.yaml": func() client.Object { return &v1alpha1.TaskExecution{} },
	"../../config/crd/bases/taskexec.dev_taskschedules.yaml":  func() client.Object { return &v1alpha1.TaskSchedule{} },
}

// door is the validation that an API server does for a CRD.
type door struct {
	schema     validation.SchemaValidator
	structural *structuralschema.Structural
	rules      *cel.Validator
}

func newDoor(t *testing.T, s *undecodable.Schema) door {
	t.Helper()
	internal := &apiextensions.JSONSchemaProps{}
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(s, internal, nil); err != nil {
		t.Fatal(err)
	}
	structural, err := structuralschema.NewStructural(internal)
	if err != nil {
		t.Fatal(err)
	}
	validator, _, err := validation.NewSchemaValidator(internal)
	if err != nil {
		t.Fatal(err)
	}
	return door{validator, structural, cel.NewValidator(structural, true, celconfig.PerCallLimit)}
}

// takes reports whether the API server would store an object.
func (d door) takes(object map[string]any) bool {
	if len(validation.ValidateCustomResource(nil, object, d.schema)) > 0 {
		return false
	}
	problems, _ := d.rules.Validate(context.Background(), nil, d.structural, object, nil, celconfig.RuntimeCELCostBudget)
	return len(problems) == 0
}

// stored returns an object as the API server stores it.
func stored(t *testing.T, v undecodable.Value) (object map[string]any, raw []byte) {
	t.Helper()
	object, ok := v.Object.(map[string]any)
	if !ok {
		return nil, nil
	}
	object["metadata"] = map[string]any{"name": "a", "namespace": "b", "uid": "c", "resourceVersion": "7", "generation": int64(3)}
	raw, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	object = nil
	if err := utiljson.Unmarshal(raw, &object); err != nil {
		t.Fatal(err)
	}
	return object, raw
}

// The schemas refuse everything that Go's types cannot decode.
func TestCase21SchemaLetsInWhatDecodes(t *testing.T) {
	for _, file := range slices.Sorted(maps.Keys(kinds)) {
		schema, err := undecodable.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		door, refused := newDoor(t, schema), 0
		for _, v := range undecodable.Values(schema) {
			object, raw := stored(t, v)
			if object == nil {
				continue
			}
			into := kinds[file]()
			if err := utiljson.Unmarshal(raw, into); err != nil {
				t.Errorf("%s: an object that was stored fails whoever lists it: %v", v.Path, err)
				continue
			}
			if u := undecoded(into); len(u) > 0 {
				if door.takes(object) {
					t.Errorf("the schema takes what does not decode: %s", u)
				}
				refused++
			}
		}
		t.Logf("%s refuses %d objects", file, refused)
		if least, _ := stored(t, undecodable.Least(schema)); refused == 0 || !door.takes(least) {
			t.Errorf("%s refuses %d hostile objects, and a good one: %v", file, refused, !door.takes(least))
		}
	}
}

func undecoded(object client.Object) v1alpha1.Undecoded {
	switch o := object.(type) {
	case *v1alpha1.Task:
		return o.Undecoded
	case *v1alpha1.TaskExecution:
		return o.Undecoded
	case *v1alpha1.TaskSchedule:
		return o.Undecoded
	}
	return nil
}
