// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Names of the images that every cluster has from the start.
const (
	PauseRef   = "localhost/taskexec-pause:v1"
	BusyboxRef = "docker.io/library/busybox:1.37"
)

// nonRoot is the user ID of the images of our own programs.
const nonRoot = 65532

// Program describes an image with static programs in its root folder. It runs as a user without privileges, like a
// distroless image.
func Program(ref, entrypoint string, paths []string) (Spec, error) {
	spec := Spec{
		Ref: ref, Architecture: runtime.GOARCH, User: fmt.Sprintf("%d:%[1]d", nonRoot), WorkingDir: "/",
		Env:        []string{"PATH=/"},
		Entrypoint: []string{entrypoint},
		Files: []File{
			{Path: "/etc", Mode: 0o755, Dir: true},
			{Path: "/etc/passwd", Mode: 0o644, Data: []byte(accounts("/sbin/nologin"))},
			{Path: "/tmp", Mode: 0o1777, Dir: true},
		},
	}
	for _, file := range paths {
		data, err := staticProgram(file)
		if err != nil {
			return Spec{}, err
		}
		spec.Files = append(spec.Files, File{Path: "/" + filepath.Base(file), Mode: 0o755, Data: data})
	}
	found := func(f File) bool { return f.Path == path.Clean(entrypoint) }
	if !slices.ContainsFunc(spec.Files, found) {
		return Spec{}, fmt.Errorf("entrypoint %s is none of the image's files (%s, each in /)", entrypoint, strings.Join(paths, " "))
	}
	return spec, nil
}

// Pause describes the image that holds every pod's namespaces open.
func Pause(program string) (Spec, error) {
	return Program(PauseRef, "/pause", []string{program})
}

// Busybox describes an image that replaces the official busybox:1.37 and has its name. So the same manifests work
// here without a registry and on any other cluster. It contains the machine's own static busybox, whose version may
// differ.
func Busybox(program string) (Spec, error) {
	data, err := staticProgram(program)
	if err != nil {
		return Spec{}, err
	}
	list, err := exec.Command(program, "--list").Output()
	if err != nil {
		return Spec{}, fmt.Errorf("asking %s for its applets: %w", program, err)
	}
	spec := Spec{
		Ref: BusyboxRef, Architecture: runtime.GOARCH, Cmd: []string{"sh"}, WorkingDir: "/",
		Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		Files: []File{
			{Path: "/bin", Mode: 0o755, Dir: true},
			{Path: "/bin/busybox", Mode: 0o755, Data: data},
			{Path: "/etc", Mode: 0o755, Dir: true},
			{Path: "/etc/passwd", Mode: 0o644, Data: []byte(accounts("/bin/sh"))},
			{Path: "/etc/group", Mode: 0o644, Data: []byte("root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n")},
			{Path: "/home", Mode: 0o755, Dir: true},
			{Path: "/root", Mode: 0o700, Dir: true},
			{Path: "/tmp", Mode: 0o1777, Dir: true},
			{Path: "/usr", Mode: 0o755, Dir: true},
			{Path: "/usr/bin", Mode: 0o755, Dir: true},
			{Path: "/usr/bin/env", Mode: 0o777, Link: "/bin/busybox"},
			{Path: "/var", Mode: 0o755, Dir: true},
			{Path: "/var/tmp", Mode: 0o1777, Dir: true},
		},
	}
	for _, applet := range strings.Fields(string(list)) {
		if applet != "busybox" {
			spec.Files = append(spec.Files, File{Path: "/bin/" + applet, Mode: 0o777, Link: "busybox"})
		}
	}
	return spec, nil
}

func accounts(shell string) string {
	return fmt.Sprintf("root:x:0:0:root:/root:%s\nnobody:x:65534:65534:nobody:/:%[1]s\nnonroot:x:%d:%[2]d:nonroot:/:%[1]s\n",
		shell, nonRoot)
}

// staticProgram reads a program and rejects one that needs shared libraries. An image from scratch has none, so that
// the pod would fail with only "no such file or directory".
func staticProgram(file string) ([]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(data, []byte(elf.ELFMAG)) {
		return data, nil // a script or a data file: nothing to check
	}
	program, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	for _, segment := range program.Progs {
		if segment.Type == elf.PT_INTERP {
			return nil, fmt.Errorf("%s is dynamically linked, and the image has no libraries: build it with CGO_ENABLED=0", file)
		}
	}
	return data, nil
}
