// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package session logs browsers in. A login takes a token of Kubernetes, and gives a cookie that holds the token sealed:
// nobody but the facade can read or make it. All replicas share the key, and no replica remembers a session. So a
// session ends when its token does, at the latest after LongestSession, or when the browser forgets the cookie. It cannot
// be revoked otherwise than by revoking the token.
package session
