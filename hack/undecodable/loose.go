// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package undecodable

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// kinds lists the kinds of this API, each with its CRD and a spec that its schema refuses and Go's types cannot
// decode.
var kinds = []struct {
	kind, crd string
	spec      map[string]any
}{
	{"Task", "tasks.taskexec.dev", map[string]any{"jobTemplate": map[string]any{}, "timeout": "5 parsecs"}},
	{"TaskExecution", "taskexecutions.taskexec.dev", map[string]any{"taskRef": map[string]any{"name": "bad"}, "timeout": "5 parsecs"}},
	{"TaskSchedule", "taskschedules.taskexec.dev", map[string]any{"taskRef": map[string]any{"name": "bad"}, "schedule": "@daily", "jitter": "5 parsecs"}},
}

// Loosen makes an API server accept every object of this API, like objects stored before there was a schema. restore
// restores the schemas. Both wait until the API server uses the changed CRDs, or until ctx is done. The namespace
// must exist. Nothing is stored in it.
func Loosen(ctx context.Context, c client.Client, namespace string) (restore func(context.Context) error, err error) {
	before := map[string]any{}
	for _, k := range kinds {
		if err := change(ctx, c, k.crd, func(spec map[string]any) {
			before[k.crd] = runtime.DeepCopyJSONValue(spec["versions"])
			versions, _ := spec["versions"].([]any)
			version, _ := versions[0].(map[string]any)
			version["schema"] = map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}}
			delete(version, "selectableFields") // selectable fields need a schema
		}); err != nil {
			return nil, err
		}
	}
	restore = func(ctx context.Context) error {
		for _, k := range kinds {
			if err := change(ctx, c, k.crd, func(spec map[string]any) { spec["versions"] = before[k.crd] }); err != nil {
				return err
			}
		}
		return await(ctx, c, namespace, false)
	}
	return restore, await(ctx, c, namespace, true)
}

// Object returns an object of this API.
func Object(kind, namespace, name string, body map[string]any) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: runtime.DeepCopyJSON(body)}
	o.SetAPIVersion("taskexec.dev/v1alpha1")
	o.SetKind(kind)
	o.SetNamespace(namespace)
	o.SetName(name)
	return o
}

// change changes the spec of a CRD. It retries after a conflict, because the API server updates the status of the CRD
// after each change of the spec.
func change(ctx context.Context, c client.Client, name string, change func(spec map[string]any)) error {
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		crd := &unstructured.Unstructured{}
		crd.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"})
		if err := c.Get(ctx, client.ObjectKey{Name: name}, crd); err != nil {
			return err
		}
		spec, _, err := unstructured.NestedMap(crd.Object, "spec")
		if err != nil {
			return err
		}
		change(spec)
		crd.Object["spec"] = spec
		return c.Update(ctx, crd)
	})
	if err != nil {
		return fmt.Errorf("changing the CRD %s: %w", name, err)
	}
	return nil
}

// await waits until the API server accepts what the schemas refuse, or refuses it again if taken is false.
func await(ctx context.Context, c client.Client, namespace string, taken bool) error {
	for _, k := range kinds {
		for {
			err := c.Create(ctx, Object(k.kind, namespace, "probe", map[string]any{"spec": k.spec}), client.DryRunAll)
			if (err == nil) == taken && (taken || apierrors.IsInvalid(err)) {
				break
			}
			if ctx.Err() != nil {
				return fmt.Errorf("waiting until the API server has read the CRD %s: %w", k.crd, ctx.Err())
			}
		}
	}
	return nil
}
