package parse

import (
	"encoding/json"
	"strings"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Keys by which loggers call level, message and time, in order of preference: slog, zap, logrus, zerolog,
// pino, bunyan, Python's json loggers, ECS, Google Cloud, Monolog (whose level_name is the word for its
// numeric level), Serilog's compact form.
var (
	levelKeys   = spellings("level_name", "levelname", "level", "lvl", "severity", "log.level", "loglevel", "@l")
	messageKeys = spellings("msg", "message", "@m", "@mt")
	timeKeys    = spellings("@timestamp", "asctime", "time", "ts", "timestamp", "datetime", "@t")
	// weakKeys are messages to structlog and to Docker's json-file, but anything to other programs. They count
	// beside a level or a time.
	weakKeys = spellings("event", "log")
)

// spellings adds the forms Level and LEVEL to level.
func spellings(keys ...string) []string {
	forms := make([]string, 0, 3*len(keys))
	for _, key := range keys {
		forms = append(forms, key, strings.ToUpper(key[:1])+key[1:], strings.ToUpper(key))
	}
	return forms
}

// structured lifts level and message out of a line's fields and drops its time: the kubelet's counts. ok is
// false when no logger wrote them.
func structured(fields map[string]any) (p parsed, ok bool) {
	level, hasLevel := takeLevel(fields)
	hasTime := dropTime(fields)
	key, hasMessage := messageOf(fields, hasLevel || hasTime)
	if !hasLevel && !hasMessage {
		return parsed{}, false
	}
	switch m := fields[key].(type) {
	case nil:
	case string:
		p.message = strings.TrimRight(m, "\r\n")
	default:
		p.message = jsonText(m)
	}
	if hasMessage {
		delete(fields, key)
	}
	if level == "" {
		level = plainLevel(sanitize(p.message))
	}
	p.level, p.fields = level, fields
	return p, true
}

// takeLevel removes the level and gives it. One that says nothing known stays, as a field among others, and
// the level is empty.
func takeLevel(fields map[string]any) (level v1alpha1.LogLevel, found bool) {
	for _, key := range levelKeys {
		value, ok := fields[key]
		if !ok {
			continue
		}
		found = true
		if level, ok := levelOf(value); ok {
			delete(fields, key)
			return level, true
		}
	}
	log, ok := fields["log"].(map[string]any) // ECS, when it is not written with dots
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

// messageOf gives the key of the message. The weak ones count when a logger is known to have written the line.
func messageOf(fields map[string]any, logger bool) (key string, found bool) {
	for _, key := range messageKeys {
		if _, ok := fields[key]; ok {
			return key, true
		}
	}
	if !logger {
		return "", false
	}
	for _, key := range weakKeys {
		if _, ok := fields[key].(string); ok {
			return key, true
		}
	}
	return "", false
}

// dropTime removes the logger's time. A program may use its name for something else (time="3ms"): that stays.
func dropTime(fields map[string]any) (found bool) {
	for _, key := range timeKeys {
		if value, ok := fields[key]; ok && (key == "@timestamp" || key == "asctime" || isMoment(value)) {
			delete(fields, key)
			return true
		}
	}
	return false
}

// isMoment tells a point in time from a duration, a count or a flag: it has the punctuation of a date or a
// clock, or it is at least three years in seconds since 1970.
func isMoment(value any) bool {
	switch v := value.(type) {
	case string:
		return strings.ContainsAny(v, ":/-") || isMoment(json.Number(v))
	case json.Number:
		seconds, err := v.Float64()
		return err == nil && seconds >= 1e8
	default:
		return false
	}
}
