// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package apianswer interprets the API server's answer to a refused write.
package apianswer

import (
	"errors"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// ConflictRetry is the delay of the next reconcile after a conflict. A watch delivers the other write in about this
// time.
const ConflictRetry = 50 * time.Millisecond

// Message returns the API server's own message, without any wrapping.
func Message(err error) string {
	if status := apierrors.APIStatus(nil); errors.As(err, &status) {
		return status.Status().Message
	}
	return err.Error()
}

// Causes returns the refused fields with the reasons, or the message if the answer names no field. Unlike the message,
// it does not name the object.
func Causes(err error) string {
	status := apierrors.APIStatus(nil)
	if !errors.As(err, &status) || status.Status().Details == nil || len(status.Status().Details.Causes) == 0 {
		return Message(err)
	}
	var causes []string
	for _, cause := range status.Status().Details.Causes {
		text := cause.Message
		if cause.Field != "" { // a policy names none
			text = cause.Field + ": " + text
		}
		causes = append(causes, text)
	}
	return strings.Join(causes, "; ")
}
