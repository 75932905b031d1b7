// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Command program prints its stamped version.
package main

import (
	"fmt"

	"github.com/taskexec/taskexec/cmd/internal/version"
)

func main() {
	fmt.Println(version.Text("program"))
	fmt.Println(version.UserAgent("program"))
}
