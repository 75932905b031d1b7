// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package access decides whether a request may be served: who sent it (authenticate.go), how often that caller sends
// requests (ratelimit.go), whether it has the route's right (authorize.go, right.go), and whether there is room for one
// more request of this caller (admission.go). A Scope is one request of one caller in one namespace, after these
// checks.
package access
