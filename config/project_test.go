// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

type projectResource struct {
	API struct {
		CRDVersion string `json:"crdVersion"`
		Namespaced bool   `json:"namespaced"`
	} `json:"api"`
	Domain  string `json:"domain"`
	Group   string `json:"group"`
	Kind    string `json:"kind"`
	Path    string `json:"path"`
	Version string `json:"version"`
}

// PROJECT, which kubebuilder reads, names exactly the kinds of the CRDs.
func TestProjectNamesTheKinds(t *testing.T) {
	var project struct {
		Domain    string            `json:"domain"`
		Repo      string            `json:"repo"`
		Resources []projectResource `json:"resources"`
	}
	readYAML(t, "../PROJECT", &project)
	module, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if line, _, _ := strings.Cut(string(module), "\n"); line != "module "+project.Repo {
		t.Errorf("repo is %s, and go.mod says %s", project.Repo, line)
	}
	want := map[string]projectResource{}
	files, err := filepath.Glob("crd/bases/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		var crd apiextensionsv1.CustomResourceDefinition
		readYAML(t, file, &crd)
		for _, version := range crd.Spec.Versions {
			r := projectResource{
				Domain: project.Domain, Group: strings.TrimSuffix(crd.Spec.Group, "."+project.Domain), Kind: crd.Spec.Names.Kind,
				Path: project.Repo + "/api/" + version.Name, Version: version.Name,
			}
			r.API.CRDVersion, r.API.Namespaced = "v1", crd.Spec.Scope == apiextensionsv1.NamespaceScoped
			want[r.Kind] = r
		}
	}
	got := map[string]projectResource{}
	for _, r := range project.Resources {
		got[r.Kind] = r
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("PROJECT differs from the CRDs (-crd +project):\n%s", diff)
	}
}

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(raw, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
