// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"slices"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// levelKey is a key that loggers use for the level, with the format of its value.
type levelKey struct {
	name string
	read func(value any) (v1alpha1.LogLevel, bool)
}

// levelKeys are in order of preference: words before numbers, and unambiguous keys first.
var levelKeys = slices.Concat(
	keysOf(levelOf,
		"level_name", "levelname", // Monolog, Python's json loggers
		"level", "lvl", // slog, zap, logrus, zerolog, pino, bunyan, log15
		"severity_text",         // OpenTelemetry
		"severity",              // Google Cloud
		"log.level",             // ECS
		"log_level", "loglevel", // .NET, and hand-made ones
		"@level", "@l", // hclog, Serilog's compact form
	),
	keysOf(openTelemetryLevel, "severity_number"),
	keysOf(pythonLevel, "levelno"),
	keysOf(levelOf, "level_value"), // logstash's encoder for logback
	[]levelKey{
		{"PRIORITY", syslogLevel}, // journald
		{"L", levelOf},            // zap in development
	},
)

func keysOf(read func(any) (v1alpha1.LogLevel, bool), names ...string) (keys []levelKey) {
	for _, name := range spellings(names...) {
		keys = append(keys, levelKey{name, read})
	}
	return keys
}

// takeLevel removes the level from the fields and returns it. An unknown value stays a field, and the result is empty.
func takeLevel(fields map[string]any) (level v1alpha1.LogLevel, found bool) {
	for i := range levelKeys {
		value, ok := fields[levelKeys[i].name]
		if !ok {
			continue
		}
		found = true
		if level, ok := levelKeys[i].read(value); ok {
			delete(fields, levelKeys[i].name)
			return level, true
		}
	}
	log, ok := fields["log"].(map[string]any) // ECS without dots in its keys
	if !ok {
		return "", found
	}
	level, ok = levelOf(log["level"])
	if !ok {
		return "", found
	}
	delete(log, "level")
	if len(log) == 0 {
		delete(fields, "log")
	}
	return level, true
}
