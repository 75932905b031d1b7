// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build cloud

package main

import _ "github.com/taskexec/taskexec/controllers/bucket/cloud" // registers the cloud stores

// handOver does nothing, because this program is controller-cloud.
func handOver(string) error { return nil }
