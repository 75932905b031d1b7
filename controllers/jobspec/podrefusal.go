// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import "strings"

// refusedPods begins what a status says about pods that the API server refuses to the Job controller.
const refusedPods = "FailedCreate: "

// WhyRefused returns the constant part of the Job controller's message on a refused pod. The pod's name before it changes with each
// attempt, and would cause a status write each time.
func WhyRefused(message string) string {
	if _, why, found := strings.Cut(message, " is forbidden: "); found && why != "" {
		return why
	}
	return message
}

// RefusedPods returns what the status says about a refused pod.
func RefusedPods(message string) string { return refusedPods + WhyRefused(message) }

// RefusalIn returns why pods are refused according to a status, if it says so.
func RefusalIn(status string) (why string, found bool) {
	_, why, found = strings.Cut(status, refusedPods)
	return why, found
}
