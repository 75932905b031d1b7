// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 is the API of taskexec.dev.
//
// A Task says what can be run. A TaskExecution records one run of it. A TaskSchedule creates TaskExecutions at the times of a cron
// expression. Everything that Taskexec knows is in these resources and, if there is an archive, in the records of runs
// that ended.
//
// +kubebuilder:object:generate=true
// +groupName=taskexec.dev
package v1alpha1
