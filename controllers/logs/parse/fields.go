// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"encoding/json"
	"strings"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// These are the keys of message and time in loggers, in order of preference.
var (
	messageKeys = spellings("msg", "message", "@m", "@mt", "@message")
	timeKeys    = spellings("@timestamp", "asctime", "time", "ts", "timestamp", "datetime", "@t", "time_unix_nano", "observed_time_unix_nano")
	// weakKeys are the message keys of structlog, Docker's json-file and OpenTelemetry. Other programs use them for
	// anything, so they count only together with a level or a time.
	weakKeys = spellings("event", "log", "body")
)

// spellings adds the forms Level and LEVEL to level, and logLevel and LogLevel to log_level.
func spellings(keys ...string) []string {
	forms := make([]string, 0, 5*len(keys))
	for _, key := range keys {
		forms = append(forms, key, capital(key), strings.ToUpper(key))
		if words := strings.Split(key, "_"); len(words) > 1 {
			for i := range words[1:] {
				words[i+1] = capital(words[i+1])
			}
			camel := strings.Join(words, "")
			forms = append(forms, camel, capital(camel))
		}
	}
	return forms
}

func capital(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

// structured takes level and message out of a line's fields, and drops the logger's time, because the kubelet's time
// counts. ok is false if the fields are not those of a logger.
func structured(fields map[string]any) (p parsed, ok bool) {
	plainBody(fields)
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
	switch {
	case level != "":
	case !hasLevel && isKlogError(fields):
		level = v1alpha1.LogError
	default:
		level = plainLevel(sanitize(p.message))
	}
	p.level, p.fields = level, fields
	return p, true
}

// messageOf returns the key of the message. Weak keys count only if a logger is known to have written the line.
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

// dropTime removes the logger's time. If a program uses that key for something else (time="3ms"), it stays.
func dropTime(fields map[string]any) (found bool) {
	for _, key := range timeKeys {
		if value, ok := fields[key]; ok && (key == "@timestamp" || key == "asctime" || isMoment(value)) {
			delete(fields, key)
			return true
		}
	}
	return false
}

// isMoment reports whether a value is a point in time, and not a duration, a count or a flag: it has the punctuation of
// a date or a clock, or it is a number of seconds since 1970 of at least three years.
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
