package web

import (
	"errors"
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// quotaRetry in seconds: a quota has room when something that counts to it is gone.
const quotaRetry = 5

// forbidden answers when the API server says 403 to the facade. That has four causes, which Kubernetes tells apart by
// words alone: its status has the same reason for all of them, and no cause but for a namespace that is going away.
//
//   - The facade's own rights are missing, which whoever installed it has to mend: 500.
//   - A ResourceQuota has no room: 429, because it may have some later.
//   - The namespace is being deleted: 409.
//   - A policy or another part of admission refuses what the caller asks for: 403.
//
// All but the first carry the API server's words. They name the object and the quota or policy that refuses it, so that the
// caller knows what to ask the cluster's administrator for.
func forbidden(err error) *Problem {
	words := serverWords(err)
	switch {
	case apierrors.IsUnauthorized(err), isMissingRight(words):
		return Problemf(http.StatusInternalServerError, "the facade's service account may not do this: %v", err)
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return Problemf(http.StatusConflict, "the namespace is being deleted and takes nothing new: %s", words)
	case isFullQuota(words):
		p := Problemf(http.StatusTooManyRequests, "a quota of the cluster has no room for it: %s; try again when something that counts to it is gone, or have the quota raised", words)
		p.RetryAfter = quotaRetry
		return p
	default:
		return Problemf(http.StatusForbidden, "the cluster's admission refuses it: %s", words)
	}
}

// isMissingRight reports whether the API server's words are those of an authorizer (apiserver/pkg/endpoints/handlers/
// responsewriters.ForbiddenStatusError): `tasks.taskexec.dev "x" is forbidden: User "y" cannot get resource ...`.
func isMissingRight(words string) bool {
	_, why, found := strings.Cut(words, "forbidden: User ")
	return found && strings.Contains(why, " cannot ")
}

// isFullQuota reports whether the words are those of the admission plugin ResourceQuota that may be others later: a quota
// that is used up, or whose use is not counted yet.
func isFullQuota(words string) bool {
	return strings.Contains(words, "exceeded quota: ") || strings.Contains(words, "status unknown for quota: ")
}

// serverWords are those of the API server, without what wraps them.
func serverWords(err error) string {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return status.Status().Message
	}
	return err.Error()
}
