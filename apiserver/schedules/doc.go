// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package schedules reads and changes the schedules of a namespace.
package schedules
