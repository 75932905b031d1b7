// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package runfilter selects executions of a list by their trigger, status, labels and params. It is pure: it knows
// neither where executions come from nor how they are asked for.
package runfilter
