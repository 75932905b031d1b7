// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
)

// hashLength is in hex digits: 40 bits, so that two executions of one truncated name collide once in 10^6 namespaces of
// 1,000 runs each. A collision is reported as NameConflict.
const hashLength = 10

// jobNameLength leaves room in the 63 characters of a host name for the suffix of the pods of an Indexed Job, as for
// the Jobs of a CronJob.
const jobNameLength = validation.DNS1123LabelMaxLength - 11

// JobName derives the Job's name from the execution's name, truncated, and its UID, hashed. It has at most 52
// characters and no dots, because pods use it as their host name and the Job controller puts it into a label.
func JobName(execution string, uid types.UID) string {
	suffix := "-" + hash(string(uid))
	return cut(strings.ReplaceAll(execution, ".", "-"), jobNameLength-len(suffix)) + suffix
}

// ChangeName derives the name of the execution for a change of a Task's spec, so that there is only one for each
// change, whoever creates it and how often. It has at most 63 characters.
func ChangeName(task string, uid types.UID, generation int64) string {
	suffix := "-" + hash(string(uid)) + "-" + strconv.FormatInt(generation, 10)
	return cut(task, validation.DNS1123LabelMaxLength-len(suffix)) + suffix
}

// LabelValue returns a name as a label's value: unchanged if it fits into 63 characters, else cut and hashed.
func LabelValue(name string) string {
	if len(name) <= validation.LabelValueMaxLength {
		return name
	}
	suffix := "-" + hash(name)
	return cut(name, validation.LabelValueMaxLength-len(suffix)) + suffix
}

// cut shortens a valid name to at most n bytes so that it does not end on a separator.
func cut(name string, n int) string {
	if len(name) > n {
		name = name[:n]
	}
	return strings.TrimRight(name, "-.")
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])[:hashLength]
}
