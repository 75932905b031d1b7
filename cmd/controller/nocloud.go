//go:build !cloud

package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/taskexec/taskexec/controllers/logs/archive"
)

// handOver becomes the program controller-cloud, which lies beside this one, where an archive is in a cloud's store: its
// clients take 30 MiB that a controller without such an archive is spared. It returns if this program will do.
func handOver(archiveURL string) error {
	if !archive.InCloud(archiveURL) {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding the program that has the clients of clouds: %w", err)
	}
	program := self + "-cloud"
	err = syscall.Exec(program, os.Args, os.Environ()) // only an error returns
	scheme, _, _ := strings.Cut(archiveURL, ":")
	return fmt.Errorf("an archive at %s:// needs the program %s, which is in the image of the controller and is built by `make build`: %w", scheme, program, err)
}
