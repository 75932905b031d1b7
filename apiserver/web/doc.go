// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package web has what every route shares: middleware, reading bodies and queries, ETags, streams, and the only place
// where an error becomes an answer (problem.go). It knows nothing about rights and stores.
package web
