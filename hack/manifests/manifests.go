// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package manifests builds the folders of config with kustomize, for tests.
package manifests

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"runtime"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// Build returns the objects of a folder of config, such as "default". It runs the kustomize of hack/tools with the go
// command on the PATH. An error contains their output.
func Build(ctx context.Context, folder string) ([]*unstructured.Unstructured, error) {
	_, file, _, _ := runtime.Caller(0)
	root := filepath.Join(filepath.Dir(file), "..", "..")
	build := exec.CommandContext(ctx, "go", "tool", "-modfile="+filepath.Join(root, "hack", "tools", "go.mod"), "kustomize", "build", filepath.Join(root, "config", folder))
	build.Dir = root
	var problems bytes.Buffer
	build.Stderr = &problems
	out, err := build.Output()
	if err != nil {
		return nil, fmt.Errorf("kustomize build config/%s: %w: %s", folder, err, problems.String())
	}
	var all []*unstructured.Unstructured
	for decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(out), 4096); ; {
		o := &unstructured.Unstructured{}
		if err := decoder.Decode(o); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading config/%s: %w", folder, err)
		}
		all = append(all, o)
	}
}

// In returns a copy of an object for another namespace. If the object is a binding, its subjects are in namespace
// system.
func In(o *unstructured.Unstructured, namespace, system string) (*unstructured.Unstructured, error) {
	o = o.DeepCopy()
	o.SetNamespace(namespace)
	subjects, found, err := unstructured.NestedSlice(o.Object, "subjects")
	if err != nil || !found {
		return o, err
	}
	for _, s := range subjects {
		if subject, isMap := s.(map[string]any); isMap {
			subject["namespace"] = system
		}
	}
	return o, unstructured.SetNestedSlice(o.Object, subjects, "subjects")
}
