// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package version tells which build of a program is running. `make build` stamps the variables of
// github.com/prometheus/common/version.
package version

import (
	"cmp"
	"fmt"
	"runtime/debug"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	collector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/version"
)

// Number returns the version, such as v0.1.0. If the program was not built by make, it returns the version of the
// module.
func Number() string {
	module := ""
	if built, ok := debug.ReadBuildInfo(); ok {
		module = built.Main.Version
	}
	return cmp.Or(version.Version, module, "dev")
}

// Text returns what --version prints.
func Text(program string) string {
	return fmt.Sprintf("%s %s (revision %s, %s, %s/%s)", program, Number(), version.GetRevision(), version.GoVersion, version.GoOS, version.GoArch)
}

// UserAgent returns the name that a program sends in its requests to the API server.
func UserAgent(program string) string {
	return fmt.Sprintf("%s/%s (%s/%s)", program, Number(), version.GoOS, version.GoArch)
}

// Log writes the first line of a program's log.
func Log(log logr.Logger) {
	log.Info("Starting", "version", Number(), "revision", version.GetRevision(), "go", version.GoVersion)
}

// Metric returns the gauge PROGRAM_build_info, which is always 1 and has the version as a label.
func Metric(program string) prometheus.Collector {
	version.Version = Number()
	return collector.NewCollector(program)
}
