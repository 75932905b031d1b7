// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !cloud

package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/taskexec/taskexec/controllers/bucket"
)

// handOver replaces this process by the program controller-cloud in the same folder if the archive is in a cloud. The
// clients of the clouds need 30 MiB of memory, which other controllers save. handOver returns nil if the archive is
// not in a cloud.
func handOver(archiveURL string) error {
	if !bucket.InCloud(archiveURL) {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding controller-cloud: %w", err)
	}
	program := self + "-cloud"
	err = syscall.Exec(program, os.Args, os.Environ()) // Exec returns only an error
	scheme, _, _ := strings.Cut(archiveURL, ":")
	return fmt.Errorf("an archive at %s:// needs the program %s, which is in the image of the controller and is built by `make build`: %w", scheme, program, err)
}
