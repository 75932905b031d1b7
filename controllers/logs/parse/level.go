package parse

import (
	"encoding/json"
	"strings"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// levels maps the words of loggers, in lower case, to ours.
var levels = map[string]v1alpha1.LogLevel{
	"trace": v1alpha1.LogDebug, "debug": v1alpha1.LogDebug, "dbg": v1alpha1.LogDebug, "verbose": v1alpha1.LogDebug,
	"info": v1alpha1.LogInfo, "information": v1alpha1.LogInfo, "informational": v1alpha1.LogInfo, "inf": v1alpha1.LogInfo, "notice": v1alpha1.LogInfo,
	"warn": v1alpha1.LogWarn, "warning": v1alpha1.LogWarn, "wrn": v1alpha1.LogWarn,
	"error": v1alpha1.LogError, "err": v1alpha1.LogError, "severe": v1alpha1.LogError, "fatal": v1alpha1.LogError,
	"panic": v1alpha1.LogError, "dpanic": v1alpha1.LogError, "critical": v1alpha1.LogError, "crit": v1alpha1.LogError,
	"alert": v1alpha1.LogError, "emerg": v1alpha1.LogError, "emergency": v1alpha1.LogError,
}

// levelOf reads a level as a logger wrote it: a word, one with an offset as slog's (INFO+2), or a number as
// pino's and bunyan's (10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal).
func levelOf(value any) v1alpha1.LogLevel {
	switch v := value.(type) {
	case string:
		word, _, _ := strings.Cut(strings.ToLower(v), "+")
		word, _, _ = strings.Cut(word, "-")
		if level, ok := levels[strings.TrimSpace(word)]; ok {
			return level
		}
	case json.Number:
		n, err := v.Int64()
		switch {
		case err != nil:
		case n >= 50:
			return v1alpha1.LogError
		case n >= 40:
			return v1alpha1.LogWarn
		case n > 0 && n < 30:
			return v1alpha1.LogDebug
		}
	}
	return v1alpha1.LogInfo
}
