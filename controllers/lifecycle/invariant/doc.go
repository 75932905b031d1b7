// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package invariant checks what is true of every execution: of each status that is written, and of two successive ones. It is
// not part of the operator. The model of lifecycle is checked by it, and so are the tests in which the whole controller dies,
// fails and runs twice.
package invariant
