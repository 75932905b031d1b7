package parse

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// Keys by which loggers call level, message and time, in order of preference: slog, zap, logrus, zerolog,
// pino, bunyan, Python's json loggers, ECS, Google Cloud.
var (
	levelKeys   = []string{"level", "lvl", "severity", "levelname", "log.level", "loglevel"}
	messageKeys = []string{"msg", "message", "event"}
	timeKeys    = []string{"time", "ts", "timestamp", "@timestamp", "asctime", "datetime"}
)

// jsonLine reads a JSON object. One that has neither a level nor a message is the output of a program rather
// than the word of a logger, and stays as it is.
func jsonLine(line []byte) (parsed, bool) {
	line = bytes.TrimSpace(line)
	if len(line) < 2 || line[0] != '{' || line[len(line)-1] != '}' {
		return parsed{}, false
	}
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil {
		return parsed{}, false
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return parsed{}, false
	}
	return structured(fields)
}

// structured lifts level and message out of a line's fields and drops its time: the kubelet's counts.
func structured(fields map[string]any) (parsed, bool) {
	level, hasLevel := take(fields, levelKeys)
	message, hasMessage := take(fields, messageKeys)
	if !hasLevel && !hasMessage {
		return parsed{}, false
	}
	take(fields, timeKeys)
	p := parsed{level: levelOf(level), fields: fields}
	switch m := message.(type) {
	case nil:
	case string:
		p.message = strings.TrimRight(m, "\n")
	default:
		raw, err := json.Marshal(m)
		if err == nil {
			p.message = string(raw)
		}
	}
	return p, true
}

// take removes the first of the keys that is there, whatever its case, and gives its value.
func take(fields map[string]any, keys []string) (any, bool) {
	for _, key := range keys {
		for _, form := range []string{key, strings.ToUpper(key[:1]) + key[1:], strings.ToUpper(key)} {
			if value, ok := fields[form]; ok {
				delete(fields, form)
				return value, true
			}
		}
	}
	return nil, false
}
