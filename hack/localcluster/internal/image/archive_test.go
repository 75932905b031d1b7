// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func sample() Spec {
	return Spec{
		Ref: "localhost/sample:v1", Architecture: "arm64", User: "65532:65532", Entrypoint: []string{"/run"},
		Files: []File{
			{Path: "/tmp", Mode: 0o1777, Dir: true},
			{Path: "/run", Mode: 0o755, Data: []byte("#!/bin/sh\n")},
			{Path: "/link", Mode: 0o777, Link: "run"},
		},
	}
}

func build(t *testing.T, spec Spec) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := WriteArchive(&out, spec); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// The digest identifies an image. The same files must give the same image at any time and on any machine.
func TestArchiveIsReproducible(t *testing.T) {
	const want = "d9036ef86fefbe92c9d03db2ae641cad2772e35860d94595567d9fc719e4a2e0"
	got := sha256.Sum256(build(t, sample()))
	if hex.EncodeToString(got[:]) != want {
		t.Errorf("the archive's digest is %x, want %s: what changed is the format of every image", got, want)
	}
	changed := sample()
	changed.Files[1].Data = []byte("#!/bin/ash\n")
	if bytes.Equal(build(t, sample()), build(t, changed)) {
		t.Error("other files give the same image")
	}
}

func TestArchiveIsWhole(t *testing.T) {
	files := map[string][]byte{}
	for reader := tar.NewReader(bytes.NewReader(build(t, sample()))); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(reader); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range files {
		digest, isBlob := strings.CutPrefix(name, "blobs/sha256/")
		if sum := sha256.Sum256(data); isBlob && hex.EncodeToString(sum[:]) != digest {
			t.Errorf("blob %s has other content than its name says", name)
		}
	}
	var index struct{ Manifests []descriptor }
	if err := json.Unmarshal(files["index.json"], &index); err != nil || len(index.Manifests) != 1 {
		t.Fatalf("index.json: %v, %d manifests", err, len(index.Manifests))
	}
	manifest := index.Manifests[0]
	if manifest.Platform == nil || *manifest.Platform != (platform{"linux", "arm64"}) {
		t.Errorf("platform %+v, want linux/arm64: containerd would import nothing", manifest.Platform)
	}
	if manifest.Annotations["io.containerd.image.name"] != "localhost/sample:v1" {
		t.Errorf("annotations %v lack the image's name", manifest.Annotations)
	}
}

func TestProgramRefuses(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "controller")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		entrypoint, file, want string
	}{
		"entrypoint not among the files": {"/manager", script, "none of the image's files"},
		"no such file":                   {"/controller", filepath.Join(dir, "absent"), "no such file"},
		"dynamically linked":             {"/dynamic", dynamic(t), "dynamically linked"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Program("localhost/x:v1", tt.entrypoint, []string{tt.file})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
	if _, err := Program("localhost/x:v1", "/controller", []string{script}); err != nil {
		t.Errorf("a script is refused: %v", err)
	}
}

// dynamic returns a program of this machine that needs shared libraries.
func dynamic(t *testing.T) string {
	t.Helper()
	for _, path := range []string{"/bin/ls", "/usr/bin/env"} {
		if _, err := staticProgram(path); err != nil && strings.Contains(err.Error(), "dynamically") {
			return path
		}
	}
	t.Skip("this machine has no dynamically linked program to try")
	return ""
}
