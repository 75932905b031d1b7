// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	from   = regexp.MustCompile(`(?m)^FROM (?:--\S+ )?(\S+)`)
	pinned = regexp.MustCompile(`@sha256:[0-9a-f]{64}$`)
	image  = regexp.MustCompile(`(?m)^\s*(?:- )?image: *(\S+)`)
	remote = regexp.MustCompile(`(?m)^\s*- *((?:https?://|git@|github\.com/)\S+)`)
)

// unpinned are the images of manifests that have no digest, and why.
var unpinned = map[string]string{
	"controller":   "set by config/manager/kustomization.yaml: a release of this project, whose digest is not known before it is built",
	"apiserver":    "set by config/apiserver/kustomization.yaml: the same",
	"busybox:1.37": "of the samples: the local cluster has a stand-in of that name, made on the machine, with another digest",
}

// What images are built from and what manifests fetch does not change under a tag or a branch that moves.
func TestCase63ImagesArePinned(t *testing.T) {
	dockerfile, err := os.ReadFile(filepath.Join("..", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	bases := from.FindAllStringSubmatch(string(dockerfile), -1)
	if len(bases) < 3 {
		t.Errorf("Dockerfile has %d bases", len(bases))
	}
	for _, base := range bases {
		if !pinned.MatchString(base[1]) {
			t.Errorf("Dockerfile is built from %s, which has no digest", base[1])
		}
	}
	err = filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yaml" && filepath.Base(path) != "Kustomization" || strings.HasPrefix(path, "crd") {
			return err
		}
		manifest, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, found := range image.FindAllStringSubmatch(string(manifest), -1) {
			if !pinned.MatchString(found[1]) && unpinned[found[1]] == "" {
				t.Errorf("%s runs %s, which has no digest", path, found[1])
			}
		}
		for _, found := range remote.FindAllStringSubmatch(string(manifest), -1) {
			t.Errorf("%s fetches %s: what an installation consists of is in this folder", path, found[1])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
