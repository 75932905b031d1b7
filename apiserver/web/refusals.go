// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/taskexec/taskexec/controllers/apianswer"
)

// quotaRetry is the Retry-After in seconds when a quota is used up.
const quotaRetry = 5

// forbidden returns the answer if the API server answers 403 to the facade. There are four causes. Only the message
// tells them apart: the status has the same reason for all, and a cause only for a namespace that is being deleted.
//
//   - The facade's own rights are missing: 500. The cluster's administrator has to grant them.
//   - A ResourceQuota has no room: 429, because it may have some later.
//   - The namespace is being deleted: 409.
//   - A policy or another part of admission refuses what the caller asks for: 403.
//
// All but the first have the API server's message. It names the object and the quota or policy, so that the caller
// knows what to ask the cluster's administrator for.
func forbidden(err error) *Problem {
	words := apianswer.Message(err)
	switch {
	case apierrors.IsUnauthorized(err), isMissingRight(words):
		return Problemf(http.StatusInternalServerError, "the facade's service account is not allowed to do this: %v", err)
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return Problemf(http.StatusConflict, "the namespace is being deleted and accepts nothing new: %s", words)
	case isFullQuota(words):
		p := Problemf(http.StatusTooManyRequests, "a quota of the cluster is used up: %s; try again when something that counts towards it is gone, or have the quota raised", words)
		p.RetryAfter = quotaRetry
		return p
	default:
		return Problemf(http.StatusForbidden, "the cluster's admission control rejects it: %s", words)
	}
}

// isMissingRight reports whether the message is that of an authorizer (responsewriters.ForbiddenStatusError of
// k8s.io/apiserver): `tasks.taskexec.dev "x" is forbidden: User "y" cannot get resource ...`.
func isMissingRight(words string) bool {
	_, why, found := strings.Cut(words, "forbidden: User ")
	return found && strings.Contains(why, " cannot ")
}

// isFullQuota reports whether the message is a temporary one of the admission plugin ResourceQuota: a quota is used up,
// or its use is not counted yet.
func isFullQuota(words string) bool {
	return strings.Contains(words, "exceeded quota: ") || strings.Contains(words, "status unknown for quota: ")
}
