// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/hack/undecodable"
)

// crds are the CRDs of this API, each with its kind and a decoder.
var crds = []struct {
	kind, file string
	decode     func(raw []byte) (v1alpha1.Undecoded, error)
}{
	{"Task", "taskexec.dev_tasks.yaml", func(raw []byte) (v1alpha1.Undecoded, error) {
		o := &v1alpha1.Task{}
		err := utiljson.Unmarshal(raw, o)
		return o.Undecoded, err
	}},
	{"TaskExecution", "taskexec.dev_taskexecutions.yaml", func(raw []byte) (v1alpha1.Undecoded, error) {
		o := &v1alpha1.TaskExecution{}
		err := utiljson.Unmarshal(raw, o)
		return o.Undecoded, err
	}},
	{"TaskSchedule", "taskexec.dev_taskschedules.yaml", func(raw []byte) (v1alpha1.Undecoded, error) {
		o := &v1alpha1.TaskSchedule{}
		err := utiljson.Unmarshal(raw, o)
		return o.Undecoded, err
	}},
}

// valuesOf returns the undecodable values of a CRD in random order.
func valuesOf(t *testing.T, file string) []undecodable.Value {
	t.Helper()
	schema, err := undecodable.Load(filepath.Join("..", "config", "crd", "bases", file))
	if err != nil {
		t.Fatal(err)
	}
	all := undecodable.Values(schema)
	seed := rand.Uint64()
	t.Logf("%s: %d values, seed %d", file, len(all), seed)
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// keep stores an object with its status, and reports whether the API server accepted it.
func keep(t *testing.T, kind, namespace, name string, v undecodable.Value) bool {
	t.Helper()
	body, ok := v.Object.(map[string]any)
	if !ok {
		return false
	}
	delete(body, "metadata")
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	body = nil
	if err := utiljson.Unmarshal(raw, &body); err != nil {
		t.Fatal(err)
	}
	o := undecodable.Object(kind, namespace, name, body)
	if err := kube.Create(t.Context(), o); err != nil {
		if !apierrors.IsInvalid(err) && !apierrors.IsBadRequest(err) {
			t.Fatalf("%s: %v", v.Path, err)
		}
		return false
	}
	status, has := body["status"]
	if !has {
		return true
	}
	o.Object["status"] = status
	err = kube.Status().Update(t.Context(), o)
	if err != nil && !apierrors.IsInvalid(err) && !apierrors.IsConflict(err) && !apierrors.IsBadRequest(err) {
		t.Fatalf("%s: %v", v.Path, err)
	}
	return err == nil
}

// storedBefore stores objects in a namespace that no schema accepts any more: one for each path where a value can make
// an object undecodable.
func storedBefore(t *testing.T, namespace, prefix string, most int) (stored int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	restore, err := undecodable.Loosen(ctx, kube, namespace)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
		defer cancel()
		if err := restore(ctx); err != nil {
			t.Fatal(err)
		}
	}()
	tried := 0
	for _, crd := range crds {
		paths, ofKind := map[string]bool{}, 0
		for _, v := range valuesOf(t, crd.file) {
			body, ok := v.Object.(map[string]any)
			if !ok || paths[v.Path] || ofKind == most {
				continue
			}
			body["metadata"] = map[string]any{"name": "a", "resourceVersion": "1"}
			raw, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			lost, err := crd.decode(raw)
			if err != nil {
				t.Fatalf("%s: %v", v.Path, err)
			}
			if len(lost) == 0 {
				continue
			}
			tried++ // even if the object is stored and its status is not
			if keep(t, crd.kind, namespace, fmt.Sprintf("%s-%d", prefix, tried), v) {
				paths[v.Path] = true
				ofKind++
				stored++
			}
		}
	}
	bad := undecodable.Object("Task", namespace, prefix, map[string]any{"spec": map[string]any{"jobTemplate": map[string]any{"spec": map[string]any{"template": map[string]any{
		"spec": map[string]any{"containers": []any{map[string]any{"name": "main", "image": "x", "resources": map[string]any{"limits": map[string]any{"memory": "1e1.5", "cpu": "1e-2000000000"}}}}},
	}}}}})
	create(t, bad)
	create(t, undecodable.Object("TaskSchedule", namespace, prefix, map[string]any{"spec": map[string]any{
		"taskRef": map[string]any{"name": prefix}, "schedule": "* * * * * *", "jitter": "5 parsecs",
	}}))
	return stored + 2
}

// goesOn checks that a tenant's run, its task and its schedule work.
func goesOn(t *testing.T, namespace, run string) {
	t.Helper()
	completes(t, named(t, namespace, run))
	s := newSchedule(namespace)
	s.Name = run
	create(t, s)
	ran(t, s, 1)
	edit(t, s, func() { s.Spec.Suspend = true })
}

// reportsItself checks what an undecodable object reports.
func reportsItself(t *testing.T, namespace, name string) {
	t.Helper()
	task := &v1alpha1.Task{ObjectMeta: objectNamed(namespace, name)}
	eventually(t, "the task says which field does not decode", func() (bool, any) {
		read(t, task)
		c := apimeta.FindStatusCondition(task.Status.Conditions, v1alpha1.ConditionReady)
		return c != nil && c.Status == metav1.ConditionFalse && c.Reason == v1alpha1.ReasonUndecodable &&
			strings.Contains(c.Message, `containers[0].resources.limits[memory]: "1e1.5" is not a quantity`), task.Status
	})
	schedule := &v1alpha1.TaskSchedule{ObjectMeta: objectNamed(namespace, name)}
	eventually(t, "the schedule says which field does not decode", func() (bool, any) {
		read(t, schedule)
		c := apimeta.FindStatusCondition(schedule.Status.Conditions, v1alpha1.ConditionReady)
		return c != nil && c.Reason == v1alpha1.ReasonUndecodable && strings.Contains(c.Message, `spec.jitter: "5 parsecs" is not a duration`), schedule.Status
	})
	e := newExecution(namespace)
	e.Name, e.Spec.TaskRef.Name = "of-"+name, name
	create(t, e)
	reaches(t, e, v1alpha1.PhaseFailed, v1alpha1.ReasonUndecodable)
	if len(jobs(t, namespace)) > 0 {
		t.Error("something was run of it")
	}
}

// One tenant has stored hundreds of undecodable objects, some before the schema refused them. The other tenant's runs
// and schedules go on, while the objects are stored and after a restart.
func TestCase21TenantTwoGoesOn(t *testing.T) {
	before := panics(t)
	one, two := namespace(t), namespace(t)
	create(t, newTask(two))
	stop := operator(t)
	goesOn(t, two, "undisturbed")
	t.Logf("stored %d objects", storedBefore(t, one, "watched", 40))
	reportsItself(t, one, "watched")
	goesOn(t, two, "beside")
	stop()
	t.Logf("stored %d objects", storedBefore(t, one, "found", 1000))
	operator(t)
	reportsItself(t, one, "found")
	goesOn(t, two, "afterwards")
	// The status is written, and the undecodable field is unchanged.
	raw := undecodable.Object("Task", one, "found", nil)
	read(t, raw)
	if text, _ := json.Marshal(raw.Object); !strings.Contains(string(text), `"memory":"1e1.5"`) {
		t.Errorf("it was written back: %s", text)
	}
	if n := panics(t) - before; n > 0 {
		t.Errorf("%v panics", n)
	}
}

// Values that the schema accepts stop no other tenant. The values of the first bug reports are refused.
func TestCase21WhatTheSchemaTakesStopsNobody(t *testing.T) {
	const each = 150
	before := panics(t)
	one, two := namespace(t), namespace(t)
	create(t, newTask(two))
	operator(t)
	taken := 0
	for _, crd := range crds {
		for i, v := range valuesOf(t, crd.file)[:each] {
			if keep(t, crd.kind, one, fmt.Sprintf("v-%d", i), v) {
				taken++
			}
		}
	}
	t.Logf("%d of %d objects taken", taken, each*len(crds))
	goesOn(t, two, "run")
	for what, container := range map[string]map[string]any{
		"a quantity":              {"resources": map[string]any{"limits": map[string]any{"memory": "1e1.5"}}},
		"a quantity without end":  {"resources": map[string]any{"limits": map[string]any{"memory": "1e-2000000000"}}},
		"a port":                  {"livenessProbe": map[string]any{"httpGet": map[string]any{"port": int64(80808080808)}}},
		"a port of the container": {"ports": []any{map[string]any{"containerPort": int64(80808080808)}}},
	} {
		container["name"], container["image"] = "main", "x"
		err := kube.Create(t.Context(), undecodable.Object("Task", one, "bad", map[string]any{"spec": map[string]any{"jobTemplate": map[string]any{"spec": map[string]any{"template": map[string]any{
			"spec": map[string]any{"containers": []any{container}},
		}}}}}))
		if !apierrors.IsInvalid(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	// The API server would compute with this value: it must refuse it first.
	err := kube.Create(t.Context(), undecodable.Object("Task", one, "bad", map[string]any{"spec": map[string]any{
		"logs":        map[string]any{"maxBytes": "1e2000000000"},
		"jobTemplate": map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{"containers": []any{map[string]any{"name": "main"}}}}}},
	}}), client.DryRunAll)
	if !apierrors.IsInvalid(err) {
		t.Errorf("a tail without end: %v", err)
	}
	if n := panics(t) - before; n > 0 {
		t.Errorf("%v panics", n)
	}
}
