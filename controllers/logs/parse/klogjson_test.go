// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import "testing"

func TestCase33KlogJSON(t *testing.T) {
	runLines(t, 0, map[string]lineCase{
		"an error":                 {`{"ts":1580306777.04728,"caller":"main.go:42","msg":"Sync failed","err":"no such pod","pod":"a/b"}`, "error", "Sync failed", `{"caller":"main.go:42","err":"no such pod","pod":"a/b"}`},
		"an error in milliseconds": {`{"ts":1580306777047.28,"logger":"gc","msg":"Sync failed","err":"no such pod"}`, "error", "Sync failed", `{"err":"no such pod","logger":"gc"}`},
		"information":              {`{"ts":1580306777.04728,"caller":"main.go:42","msg":"Pod status updated","v":0,"status":"ready"}`, "info", "Pod status updated", `{"caller":"main.go:42","status":"ready","v":0}`},
		"information of an error":  {`{"ts":1580306777.04728,"caller":"main.go:42","msg":"Trying again","v":4,"err":"no such pod"}`, "info", "Trying again", `{"caller":"main.go:42","err":"no such pod","v":4}`},
		"no error":                 {`{"ts":1580306777.04728,"msg":"done","err":""}`, "info", "done", `{"err":""}`},
		"no text":                  {`{"ts":1580306777.04728,"msg":"done","err":null}`, "info", "done", `{"err":null}`},
		"a level goes before":      {`{"level":"info","msg":"done","err":"none"}`, "info", "done", `{"err":"none"}`},
	})
}
