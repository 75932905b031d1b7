// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package auth asks Kubernetes who a caller is and what it may do: TokenReview for bearer tokens, SubjectAccessReview for
// rights. It uses the libraries of Kubernetes' aggregated API servers, and has no users and no rules of its own.
//
// Answers are cached for up to CacheTTL. If Kubernetes cannot be asked, the answer is an error and never a yes.
package auth
