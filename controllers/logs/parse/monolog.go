// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import "strings"

// afterChannel returns the level word of "app.ERROR: x {context} []", which Monolog writes after its time in brackets.
// The program chooses the name of the channel.
func afterChannel(head string) string {
	name, _, ok := strings.Cut(head, ": ")
	if !ok {
		name, ok = strings.CutSuffix(head, ":")
	}
	dot := strings.LastIndexByte(name, '.')
	if !ok || dot < 1 || strings.ContainsAny(name, " \t") || !isCapitals(name[dot+1:]) {
		return ""
	}
	return name[dot+1:]
}
