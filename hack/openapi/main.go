// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Command openapi prints the OpenAPI document of a facade that serves all namespaces. It needs no cluster. The console's
// types are generated from it, so that a change of the API that the console does not know fails its build.
//
// Usage: openapi > openapi.json
package main

import (
	"fmt"
	"os"

	"github.com/taskexec/taskexec/apiserver"
)

func main() {
	options := apiserver.DefaultOptions()
	options.AllNamespaces = true
	document, err := apiserver.Document(options)
	if err == nil {
		_, err = os.Stdout.Write(append(document, '\n'))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "openapi:", err)
		os.Exit(1)
	}
}
