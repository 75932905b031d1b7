// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"encoding/json"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// pythonLevel reads the scale of Python's logging, where 30 is a warning (in pino it is info):
//
//	10 debug   20 info   30 warning   40 error   50 critical
func pythonLevel(value any) (v1alpha1.LogLevel, bool) {
	number, ok := value.(json.Number)
	if !ok {
		return "", false
	}
	switch n, err := number.Float64(); {
	case err != nil || n < 1 || n > 100:
		return "", false
	case n < 20:
		return v1alpha1.LogDebug, true
	case n < 30:
		return v1alpha1.LogInfo, true
	case n < 40:
		return v1alpha1.LogWarn, true
	default:
		return v1alpha1.LogError, true
	}
}
