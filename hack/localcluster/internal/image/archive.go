// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package image builds container images from static files without a container engine. The same input gives the same
// bytes, and so the same digest, on any machine.
package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// File is one entry of an image's only layer.
type File struct {
	Path string // absolute, in the image
	Mode int64  // permission bits
	Data []byte // for a regular file
	Link string // the target, for a symbolic link
	Dir  bool
	UID  int // owner and group
}

// Spec describes an image.
type Spec struct {
	Ref          string // the full name, such as docker.io/library/busybox:1.37
	Architecture string // GOARCH
	User         string
	Env          []string
	Entrypoint   []string
	Cmd          []string
	WorkingDir   string
	Files        []File
}

const (
	mediaIndex    = "application/vnd.oci.image.index.v1+json"
	mediaManifest = "application/vnd.oci.image.manifest.v1+json"
	mediaConfig   = "application/vnd.oci.image.config.v1+json"
	mediaLayer    = "application/vnd.oci.image.layer.v1.tar"
)

// epoch is the time of every file in an image. The time of the build would change the digest.
var epoch = time.Unix(0, 0).UTC()

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Platform    *platform         `json:"platform,omitempty"`
}

type platform struct {
	OS           string `json:"os"`
	Architecture string `json:"architecture"`
}

// WriteArchive writes the image as an OCI layout in a tar, which containerd and Docker both import.
func WriteArchive(out io.Writer, spec Spec) error {
	layer, err := spec.layer()
	if err != nil {
		return fmt.Errorf("packing the files of image %s: %w", spec.Ref, err)
	}
	layout := &archive{tar: tar.NewWriter(out)}
	layerRef := layout.blob(mediaLayer, layer)
	configRef := layout.blob(mediaConfig, encode(spec.config(layerRef.Digest)))
	manifest := layout.blob(mediaManifest, encode(map[string]any{
		"schemaVersion": 2, "mediaType": mediaManifest, "config": configRef, "layers": []descriptor{layerRef},
	}))
	// containerd imports nothing from an image without a platform.
	manifest.Platform = &platform{OS: "linux", Architecture: spec.Architecture}
	manifest.Annotations = map[string]string{
		"io.containerd.image.name":          spec.Ref,
		"org.opencontainers.image.ref.name": spec.Ref,
	}
	layout.file("index.json", encode(map[string]any{
		"schemaVersion": 2, "mediaType": mediaIndex, "manifests": []descriptor{manifest},
	}))
	layout.file("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`))
	return layout.close()
}

func (s Spec) config(diffID string) map[string]any {
	return map[string]any{
		"architecture": s.Architecture, "os": "linux", "created": epoch,
		"config": map[string]any{
			"User": s.User, "Env": s.Env, "Entrypoint": s.Entrypoint, "Cmd": s.Cmd, "WorkingDir": s.WorkingDir,
		},
		"rootfs":  map[string]any{"type": "layers", "diff_ids": []string{diffID}},
		"history": []any{map[string]any{"created": epoch, "created_by": "taskexec hack/localcluster"}},
	}
}

func (s Spec) layer() ([]byte, error) {
	var packed bytes.Buffer
	writer := tar.NewWriter(&packed)
	for _, file := range s.Files {
		if err := writer.WriteHeader(file.header()); err != nil {
			return nil, err
		}
		if _, err := writer.Write(file.Data); err != nil {
			return nil, err
		}
	}
	err := writer.Close()
	return packed.Bytes(), err
}

func (f File) header() *tar.Header {
	header := &tar.Header{
		Name: f.Path[1:], Mode: f.Mode, ModTime: epoch, Uid: f.UID, Gid: f.UID,
		Typeflag: tar.TypeReg, Size: int64(len(f.Data)),
	}
	switch {
	case f.Dir:
		header.Typeflag, header.Name = tar.TypeDir, header.Name+"/"
	case f.Link != "":
		header.Typeflag, header.Linkname = tar.TypeSymlink, f.Link
	}
	return header
}

// archive keeps the first error, so that its callers need not check each call.
type archive struct {
	tar *tar.Writer
	err error
}

func (a *archive) blob(mediaType string, data []byte) descriptor {
	sum := sha256.Sum256(data)
	digest := hex.EncodeToString(sum[:])
	a.file("blobs/sha256/"+digest, data)
	return descriptor{MediaType: mediaType, Digest: "sha256:" + digest, Size: len(data)}
}

func (a *archive) file(name string, data []byte) {
	if a.err != nil {
		return
	}
	a.err = a.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o644, ModTime: epoch, Typeflag: tar.TypeReg, Size: int64(len(data))})
	if a.err == nil {
		_, a.err = a.tar.Write(data)
	}
}

func (a *archive) close() error {
	if a.err != nil {
		return a.err
	}
	return a.tar.Close()
}

// encode cannot fail, because all its inputs are maps and structs of plain values. It sorts the keys of maps.
func encode(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return data
}
