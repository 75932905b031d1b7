// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package follow

import "github.com/taskexec/taskexec/controllers/logs/follow/machine"

const longLine = machine.LongLine
