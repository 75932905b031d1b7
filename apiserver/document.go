// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

// Document returns the OpenAPI document of a facade with these options, as JSON. It is what /openapi.json serves, made
// without a cluster. It returns an error if a route has no description.
func Document(o Options) ([]byte, error) {
	made, err := describe(o)()
	if err != nil {
		return nil, err
	}
	return made.document, nil
}
