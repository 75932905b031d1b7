// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/controllers/jobspec"
)

// clip cuts a text to at most n bytes, between runes.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	const ellipsis = "…"
	n -= len(ellipsis)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + ellipsis
}

func afterColon(message string) string {
	if message == "" {
		return ""
	}
	return ": " + message
}

// ofIndex returns the beginning of a message about a pod of an Indexed Job.
func ofIndex(pod *corev1.Pod) string {
	if index := jobspec.IndexOf(pod); index != nil {
		return fmt.Sprintf("index %d: ", *index)
	}
	return ""
}

// maxMessage bounds status.message in bytes; the CRD allows 4096 characters.
const maxMessage = 2048
