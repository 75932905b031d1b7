// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"strings"
	"testing"
)

func TestCase33LevelKeys(t *testing.T) {
	for _, key := range []string{
		"level", "Level", "LEVEL", "lvl", "severity", "Severity", "SEVERITY", "loglevel", "LOGLEVEL", "logLevel", "LogLevel", "log_level", "LOG_LEVEL",
		"log.level", "level_name", "levelName", "levelname", "severityText", "SeverityText", "severity_text", "@level", "@l", "L",
	} {
		for word, level := range map[string]string{"ERROR": "error", "Warning": "warn", "information": "info", "DEBUG": "debug"} {
			t.Run(key+" "+word, func(t *testing.T) {
				runLines(t, 0, map[string]lineCase{
					"JSON":   {`{"` + key + `":"` + word + `","msg":"x"}`, level, "x", ""},
					"logfmt": {key + "=" + word + " msg=x", level, "x", ""},
				})
			})
		}
	}
	runLines(t, 0, map[string]lineCase{
		".NET":                   {`{"EventId":0,"LogLevel":"Critical","Category":"App","Message":"x"}`, "error", "x", `{"Category":"App","EventId":0}`},
		"hclog":                  {`{"@level":"warn","@message":"x","@module":"a","@timestamp":"2026-01-02T03:04:05.000000Z"}`, "warn", "x", `{"@module":"a"}`},
		"logstash":               {`{"@timestamp":"now","message":"x","level_value":40000}`, "error", "x", ""},
		"Google Cloud's numbers": {`{"severity":500,"message":"x"}`, "error", "x", ""},
		"log15":                  {`t=2026-01-02T03:04:05+0000 lvl=eror msg=x`, "error", "x", `{"t":"2026-01-02T03:04:05+0000"}`},
		"log15's dbug":           {`lvl=dbug msg=x`, "debug", "x", ""},
		"two say a level":        {`{"level":"info","logLevel":"error","msg":"x"}`, "info", "x", `{"logLevel":"error"}`},
		"the first says nothing": {`{"level":"gold","log_level":"error","msg":"x"}`, "error", "x", `{"level":"gold"}`},
	})
	if got := strings.Join(spellings("log_level"), " "); got != "log_level Log_level LOG_LEVEL logLevel LogLevel" {
		t.Errorf("spellings %s", got)
	}
}
