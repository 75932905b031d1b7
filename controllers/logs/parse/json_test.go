// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"strings"
	"testing"
)

func TestJSONLine(t *testing.T) {
	runLines(t, 0, map[string]lineCase{
		"slog":                   {`{"time":"2026-01-02T03:04:05Z","level":"WARN","msg":"disk","used":0.93}`, "warn", "disk", `{"used":0.93}`},
		"slog with an offset":    {`{"level":"ERROR+2","msg":"x"}`, "error", "x", ""},
		"zap":                    {`{"level":"error","ts":1700000000.1,"caller":"a.go:1","msg":"x","n":1}`, "error", "x", `{"caller":"a.go:1","n":1}`},
		"zapr at V(3)":           {`{"level":"Level(-3)","ts":"2026-01-02T03:04:05Z","logger":"a","msg":"x"}`, "debug", "x", `{"logger":"a"}`},
		"logrus":                 {`{"level":"warning","msg":"x","time":"2026-01-02T03:04:05Z"}`, "warn", "x", ""},
		"zerolog":                {`{"level":"debug","message":"x"}`, "debug", "x", ""},
		"zerolog without words":  {`{"level":"error","error":"boom"}`, "error", "", `{"error":"boom"}`},
		"pino":                   {`{"level":50,"time":1700000000000,"pid":7,"hostname":"h","msg":"x"}`, "error", "x", `{"hostname":"h","pid":7}`},
		"bunyan":                 {`{"name":"app","hostname":"h","pid":1,"level":20,"msg":"x","time":"2026-01-02T03:04:05Z","v":0}`, "debug", "x", `{"hostname":"h","name":"app","pid":1,"v":0}`},
		"python-json-logger":     {`{"asctime":"now","levelname":"CRITICAL","message":"x"}`, "error", "x", ""},
		"structlog":              {`{"event":"x","level":"info"}`, "info", "x", ""},
		"ECS with dots":          {`{"@timestamp":"now","log.level":"trace","message":"x"}`, "debug", "x", ""},
		"ECS as objects":         {`{"@timestamp":"now","log":{"level":"warn","logger":"a"},"message":"x"}`, "warn", "x", `{"log":{"logger":"a"}}`},
		"ECS, nothing else":      {`{"log":{"level":"warn"},"message":"x"}`, "warn", "x", ""},
		"Google Cloud":           {`{"severity":"EMERGENCY","message":"x","timestamp":"2026-01-02T03:04:05Z"}`, "error", "x", ""},
		"Docker":                 {`{"log":"ERROR: x\n","stream":"stderr","time":"2026-01-02T03:04:05Z"}`, "error", "ERROR: x", `{"stream":"stderr"}`},
		"Monolog":                {`{"message":"x","level":200,"level_name":"INFO","datetime":"2026-01-02T03:04:05Z"}`, "info", "x", `{"level":200}`},
		"Serilog, compact":       {`{"@t":"2026-01-02T03:04:05Z","@m":"x","@l":"Warning"}`, "warn", "x", ""},
		"Serilog's capitals":     {`{"Level":"Warning","Message":"x"}`, "warn", "x", ""},
		"spaces around":          {` {"level":"warn","msg":"x"} `, "warn", "x", ""},
		"no level but a word":    {`{"msg":"ERROR: x"}`, "error", "ERROR: x", ""},
		"two messages":           {`{"level":"info","msg":"a","message":"b"}`, "info", "a", `{"message":"b"}`},
		"the last of two names":  {`{"msg":"a","k":1,"k":2}`, "info", "a", `{"k":2}`},
		"order of names":         {`{"msg":"a","z":1,"b":{"y":1,"x":2},"a":3}`, "info", "a", `{"a":3,"b":{"x":2,"y":1},"z":1}`},
		"null, true, list":       {`{"msg":"a","n":null,"t":true,"l":[1,"b"]}`, "info", "a", `{"l":[1,"b"],"n":null,"t":true}`},
		"a message that is none": {`{"level":"warn","msg":{"a":"<b>"}}`, "warn", `{"a":"<b>"}`, ""},
		"a message of many rows": {`{"level":"warn","msg":"a\nb\r\n\tc\n"}`, "warn", "a b \tc", ""},
		"output, not a log":      {`{"result":[1,2]}`, "info", `{"result":[1,2]}`, ""},
		"an event of a program":  {`{"event":"push","id":3}`, "info", `{"event":"push","id":3}`, ""},
		"empty object":           {`{}`, "info", `{}`, ""},
		"a list":                 {`[{"msg":"x"}]`, "info", `[{"msg":"x"}]`, ""},
		"broken":                 {`{"level":"error","msg":`, "info", `{"level":"error","msg":`, ""},
		"two objects":            {`{"msg":"a"}{"msg":"b"}`, "info", `{"msg":"a"}{"msg":"b"}`, ""},
		"half a surrogate":       {`{"msg":"a\ud800b"}`, "info", "a\ufffdb", ""},
	})
}

func TestJSONLineThatWasCut(t *testing.T) {
	runLines(t, 100, map[string]lineCase{
		"within a field":     {`{"level":"error","msg":"x","n":1,"stack":"goroutine`, "error", "x … (119 bytes more)", `{"_truncated":true,"n":1}`},
		"within a number":    {`{"level":"error","msg":"x","n":12`, "error", "x … (107 bytes more)", `{"_truncated":true}`},
		"within the message": {`{"level":"error","msg":"goroutine`, "error", `{"level":"error","msg":"goroutine … (100 bytes more)`, ""},
		"no logger's":        {`{"a":1,"b":"goroutine`, "info", `{"a":1,"b":"goroutine … (100 bytes more)`, ""},
		"after the object":   {`{"level":"error","msg":"x"}`, "error", "x … (100 bytes more)", ""},
		"text":               {`{`, "info", "{ … (100 bytes more)", ""},
	})
}

func TestDeepJSONDoesNoHarm(t *testing.T) {
	for name, line := range map[string]string{
		"deep":             `{"msg":"x","a":` + strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5001),
		"deep lists":       `{"msg":"x","a":` + strings.Repeat(`[`, 5000) + "1" + strings.Repeat("]", 5000) + "}",
		"deeper than read": `{"msg":"x","a":` + strings.Repeat(`[`, 1<<20) + strings.Repeat("]", 1<<20) + "}",
		"without an end":   `{"msg":"x","a":` + strings.Repeat(`{"a":`, 1<<20),
		"deep message":     `{"msg":` + strings.Repeat(`[`, 9000) + strings.Repeat("]", 9000) + "}",
	} {
		t.Run(name, func(t *testing.T) {
			checkEntry(t, Line(noon, []byte(line), 0))
			checkEntry(t, Line(noon, []byte(line), 7))
		})
	}
}
