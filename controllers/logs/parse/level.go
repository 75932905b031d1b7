// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// levels maps level words in lower case to our levels. The four-letter forms are those of logrus on a terminal.
var levels = map[string]v1alpha1.LogLevel{
	"trace": v1alpha1.LogDebug, "trac": v1alpha1.LogDebug, "trc": v1alpha1.LogDebug, "verbose": v1alpha1.LogDebug,
	"trce": v1alpha1.LogDebug, "dbug": v1alpha1.LogDebug, "vrb": v1alpha1.LogDebug, // .NET, log15, Serilog
	"debug": v1alpha1.LogDebug, "debu": v1alpha1.LogDebug, "dbg": v1alpha1.LogDebug,
	"info": v1alpha1.LogInfo, "inf": v1alpha1.LogInfo, "information": v1alpha1.LogInfo,
	"informational": v1alpha1.LogInfo, "notice": v1alpha1.LogInfo,
	"warn": v1alpha1.LogWarn, "warning": v1alpha1.LogWarn, "wrn": v1alpha1.LogWarn,
	"error": v1alpha1.LogError, "erro": v1alpha1.LogError, "err": v1alpha1.LogError, "eror": v1alpha1.LogError, "fail": v1alpha1.LogError, "severe": v1alpha1.LogError,
	"fatal": v1alpha1.LogError, "fata": v1alpha1.LogError, "ftl": v1alpha1.LogError,
	"panic": v1alpha1.LogError, "pani": v1alpha1.LogError, "pnc": v1alpha1.LogError, "dpanic": v1alpha1.LogError,
	"critical": v1alpha1.LogError, "crit": v1alpha1.LogError, "alert": v1alpha1.LogError,
	"emerg": v1alpha1.LogError, "emergency": v1alpha1.LogError,
}

// stems are beginnings of level names that are not in the list. They count only as the value of a level key, not in
// prose.
var stems = []struct {
	stem  string
	level v1alpha1.LogLevel
}{
	{"err", v1alpha1.LogError},
	{"crit", v1alpha1.LogError},
	{"fatal", v1alpha1.LogError},
	{"panic", v1alpha1.LogError},
	{"emerg", v1alpha1.LogError},
	{"alert", v1alpha1.LogError},
	{"warn", v1alpha1.LogWarn},
	{"info", v1alpha1.LogInfo},
	{"notice", v1alpha1.LogInfo},
	{"debug", v1alpha1.LogDebug},
	{"trace", v1alpha1.LogDebug},
	{"verb", v1alpha1.LogDebug},
	{"fine", v1alpha1.LogDebug},
	{"silly", v1alpha1.LogDebug},
	{"level(-", v1alpha1.LogDebug}, // what zap makes of logr's V(2) and above
}

var letters = map[string]v1alpha1.LogLevel{
	"t": v1alpha1.LogDebug, "d": v1alpha1.LogDebug, "v": v1alpha1.LogDebug, "i": v1alpha1.LogInfo, "n": v1alpha1.LogInfo,
	"w": v1alpha1.LogWarn, "e": v1alpha1.LogError, "f": v1alpha1.LogError, "c": v1alpha1.LogError,
}

// levelOf parses a logger's level: a word, optionally with an offset (slog's INFO+2) or in colour, or a number.
func levelOf(value any) (v1alpha1.LogLevel, bool) {
	switch v := value.(type) {
	case string:
		word := strings.ToLower(strings.TrimSpace(sanitize(v)))
		if n, err := strconv.ParseFloat(word, 64); err == nil {
			return numericLevel(n)
		}
		if level, ok := levels[word]; ok {
			return level, true
		}
		if level, ok := letters[word]; ok {
			return level, true
		}
		for _, s := range stems {
			if strings.HasPrefix(word, s.stem) {
				return s.level, true
			}
		}
	case json.Number:
		if n, err := v.Float64(); err == nil {
			return numericLevel(n)
		}
	}
	return "", false
}

// numericLevel reads the scales that do not contradict each other. Numbers below 10 do: 1 is an alert in syslog, and
// debug in others.
//
//	pino, bunyan   10 trace   20 debug  30 info     40 warn   50 error   60 fatal
//	Monolog       100 debug  200 info  250 notice  300 warn  400 error  500 critical … 600
//	log4j       10000 debug  20000 info          30000 warn  40000 error  50000 fatal
func numericLevel(n float64) (v1alpha1.LogLevel, bool) {
	switch {
	case n >= 10000:
		n = n/1000 + 10
	case n >= 100:
		n = n/10 + 10
	}
	switch {
	case n >= 10 && n < 30:
		return v1alpha1.LogDebug, true
	case n >= 30 && n < 40:
		return v1alpha1.LogInfo, true
	case n >= 40 && n < 50:
		return v1alpha1.LogWarn, true
	case n >= 50 && n <= 100:
		return v1alpha1.LogError, true
	default:
		return "", false
	}
}
