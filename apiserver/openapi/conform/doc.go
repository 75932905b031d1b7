// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package conform checks that requests and their answers match an OpenAPI document. Tests use it to compare everything
// that they send and receive with the API's own description.
package conform
