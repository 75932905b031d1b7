package parse

import "testing"

func TestLogfmtLine(t *testing.T) {
	runLines(t, 0, map[string]lineCase{
		"logrus":               {`time="2026-01-02T03:04:05Z" level=error msg="upload failed" attempt=3`, "error", "upload failed", `{"attempt":"3"}`},
		"go-kit":               {`ts=2026-01-02T03:04:05Z caller=main.go:1 level=warn msg=slow`, "warn", "slow", `{"caller":"main.go:1"}`},
		"pino's number":        {`level=50 msg=x`, "error", "x", ""},
		"escaped quotes":       {`level=info msg="say \"hi\" \\" k="a=b"`, "info", `say "hi" \`, `{"k":"a=b"}`},
		"hidden escape":        {`level=info msg="\u001b[31mred"`, "info", "red", ""},
		"empty values":         {`level=info msg="" code= k=1`, "info", "", `{"code":"","k":"1"}`},
		"message alone":        {`msg=hello`, "info", "hello", ""},
		"message with a level": {`msg="error: x" k=1`, "error", "error: x", `{"k":"1"}`},
		"a duration":           {`level=info msg=done time=3ms`, "info", "done", `{"time":"3ms"}`},
		"prose":                {`level=error but this is prose`, "info", `level=error but this is prose`, ""},
		"prose before":         {`failed level=error msg=x`, "info", `failed level=error msg=x`, ""},
		"no level, no message": {`a=1 b=2`, "info", `a=1 b=2`, ""},
		"a quote without end":  {`level=error msg="x`, "info", `level=error msg="x`, ""},
		"text after a quote":   {`level=error msg="x"y`, "info", `level=error msg="x"y`, ""},
		"no key":               {`=error msg=x`, "info", `=error msg=x`, ""},
		"two equals signs":     {`level=error msg=a=b`, "info", `level=error msg=a=b`, ""},
	})
}
