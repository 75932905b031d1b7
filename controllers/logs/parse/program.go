// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import "strings"

// afterProgram returns the word of "cp: error: x", "main.c:3:5: warning: x" (the format of GNU programs) and of
// "nginx: [emerg] x".
func afterProgram(head string) string {
	program, rest, ok := strings.Cut(head, ": ")
	if !ok || program == "" || strings.ContainsAny(program, " \t\"'{}<>") {
		return ""
	}
	rest = strings.TrimLeft(rest, " ")
	if strings.HasPrefix(rest, "[") {
		return bracketed(rest)
	}
	word := letterRun(rest)
	if after := rest[len(word):]; strings.HasPrefix(after, ":") || strings.HasPrefix(after, " error:") {
		return word
	}
	return ""
}
