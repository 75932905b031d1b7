// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package invariant checks what is true of every execution: of each written status, and of two successive ones. It is
// not part of the operator. The model of lifecycle uses it, and so do the tests in which the controller dies, fails and
// runs twice.
package invariant
