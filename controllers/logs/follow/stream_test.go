package follow

import "github.com/taskexec/taskexec/controllers/logs/follow/machine"

const longLine = machine.LongLine
