// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package runindex indexes the executions of the watch cache, so that a page of them costs the same at any depth, and tells
// watchers what changed. It has pointers to the objects of the cache, and no copies.
//
//	informer events → Index.Put, Index.Remove → one shelf for each namespace
//	                                              by creation:  all, and each task's   → Page, Each
//	                                              by version:   with those deleted     → Changes
//	                                            → Watch: a signal to read again
//
// A watcher keeps a position in the order of versions and nothing else. So a slow watcher costs no memory and skips states
// that a newer one has replaced, and a watcher that reconnects continues where it was.
//
// It does no I/O and reads no clock.
package runindex
