package parse

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func TestLine(t *testing.T) {
	for name, c := range map[string]struct{ line, level, message, data string }{
		"plain":                  {"just text", "info", "just text", ""},
		"empty":                  {"", "info", "", ""},
		"slog":                   {`{"time":"2026-01-02T03:04:05Z","level":"WARN","msg":"disk","used":0.93}`, "warn", "disk", `{"used":0.93}`},
		"slog with an offset":    {`{"level":"ERROR+2","msg":"x"}`, "error", "x", ""},
		"zap":                    {`{"level":"error","ts":1700000000.1,"caller":"a.go:1","msg":"x","n":1}`, "error", "x", `{"caller":"a.go:1","n":1}`},
		"logrus":                 {`{"level":"warning","msg":"x","time":"2026-01-02T03:04:05Z"}`, "warn", "x", ""},
		"zerolog":                {`{"level":"debug","message":"x"}`, "debug", "x", ""},
		"pino":                   {`{"level":50,"time":1700000000000,"pid":7,"hostname":"h","msg":"x"}`, "error", "x", `{"hostname":"h","pid":7}`},
		"bunyan":                 {`{"name":"app","level":20,"msg":"x","v":0}`, "debug", "x", `{"name":"app","v":0}`},
		"python-json-logger":     {`{"asctime":"now","levelname":"CRITICAL","message":"x"}`, "error", "x", ""},
		"structlog":              {`{"event":"x","level":"info"}`, "info", "x", ""},
		"ECS":                    {`{"@timestamp":"now","log.level":"trace","message":"x"}`, "debug", "x", ""},
		"Serilog's capitals":     {`{"Level":"Warning","Message":"x"}`, "warn", "x", ""},
		"exact numbers":          {`{"msg":"x","id":12345678901234567890,"f":1.0}`, "info", "x", `{"f":1.0,"id":12345678901234567890}`},
		"a number beyond all":    {`{"msg":"x","n":1e999}`, "info", "x", `{"n":"1e999"}`},
		"output, not a log":      {`{"result":[1,2]}`, "info", `{"result":[1,2]}`, ""},
		"broken JSON":            {`{"level":"error","msg":`, "info", `{"level":"error","msg":`, ""},
		"two objects":            {`{"msg":"a"}{"msg":"b"}`, "info", `{"msg":"a"}{"msg":"b"}`, ""},
		"a message that is none": {`{"level":"warn","msg":{"a":1}}`, "warn", `{"a":1}`, ""},
		"logfmt":                 {`time=2026-01-02 level=error msg="upload failed" attempt=3`, "error", "upload failed", `{"attempt":"3"}`},
		"prose with an equals":   {`level=error but this is prose`, "info", `level=error but this is prose`, ""},
		"pairs without a level":  {`a=1 b=2`, "info", `a=1 b=2`, ""},
		"klog":                   {`E0923 12:34:56.789012    1234 file.go:12] it broke`, "error", "it broke", `{"caller":"file.go:12"}`},
		"structured klog":        {`I0923 12:34:56.789012       1 file.go:12] "Pod started" pod="a/b" n=1`, "info", "Pod started", `{"caller":"file.go:12","n":"1","pod":"a/b"}`},
		"klog message alone":     {`W0923 12:34:56.789012       1 file.go:12] "Careful"`, "warn", "Careful", `{"caller":"file.go:12"}`},
		"level with a colon":     {"ERROR: no space", "error", "ERROR: no space", ""},
		"level in brackets":      {"[WARN] slow", "warn", "[WARN] slow", ""},
		"level after a stamp":    {"2026-01-02 12:00:00,123 ERROR no space", "error", "2026-01-02 12:00:00,123 ERROR no space", ""},
		"stamp in brackets":      {"[2026-01-02T12:00:00Z] [debug] x", "debug", "[2026-01-02T12:00:00Z] [debug] x", ""},
		"panic":                  {"panic: runtime error", "error", "panic: runtime error", ""},
		"traceback":              {"Traceback (most recent call last):", "error", "Traceback (most recent call last):", ""},
		"errors in prose":        {"0 errors found", "info", "0 errors found", ""},
		"error in prose":         {"no error was found", "info", "no error was found", ""},
		"a word that is none":    {"[main] started", "info", "[main] started", ""},
		"colours":                {"\x1b[31mERROR\x1b[0m: red", "error", "ERROR: red", ""},
		"a window title":         {"\x1b]0;evil\x07text", "info", "text", ""},
		"controls":               {"a\x00b\x08c\td\x7f", "info", "abc\td", ""},
		"no UTF-8":               {"a\xffb", "info", "a\ufffdb", ""},
		"turned text":            {"a\u202eb\u2066c", "info", "abc", ""},
		"controls in data":       {`{"msg":"x","k\u0000":"\u001b[31mred\u0007"}`, "info", "x", `{"k":"red"}`},
		"markup stays text":      {"<script>alert(1)</script>", "info", "<script>alert(1)</script>", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := Line(noon, []byte(c.line), 0)
			data := ""
			if got.Data != nil {
				data = string(got.Data.Raw)
			}
			if string(got.Level) != c.level || got.Message != c.message || data != c.data {
				t.Errorf("got [%s] %q %s, want [%s] %q %s", got.Level, got.Message, data, c.level, c.message, c.data)
			}
			if !got.Timestamp.Time.Equal(noon) {
				t.Errorf("timestamp %s", got.Timestamp)
			}
		})
	}
}

func TestLongMessageSaysWhatIsMissing(t *testing.T) {
	got := Line(noon, []byte(strings.Repeat("同", 1000)), 1<<30).Message
	if len(got) > MaxMessage || !utf8.ValidString(got) || !strings.Contains(got, "bytes more)") {
		t.Errorf("%d bytes: …%s", len(got), got[len(got)-40:])
	}
	kept := strings.Count(got, "同") * len("同")
	if want := "(" + itoa(3000-kept+1<<30) + " bytes more)"; !strings.HasSuffix(got, want) {
		t.Errorf("it ends on %q, want %q", got[len(got)-40:], want)
	}
}

func itoa(n int) string {
	raw, _ := json.Marshal(n)
	return string(raw)
}

func TestLargeDataKeepsWhatFits(t *testing.T) {
	fields := map[string]string{"msg": "x", "a": "small", "b": strings.Repeat("x", MaxData), "c": "small"}
	line, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(Line(noon, line, 0).Data.Raw); got != `{"a":"small","c":"small","_truncated":true}` {
		t.Errorf("got %.100s", got)
	}
}

func TestDeepDataIsFlattened(t *testing.T) {
	line := `{"msg":"x","a":` + strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5001)
	got := Line(noon, []byte(line), 0)
	if got.Data == nil || bytes.Count(got.Data.Raw, []byte(`{`)) > 2000 {
		t.Fatalf("got %+v", got)
	}
}

func FuzzLine(f *testing.F) {
	for _, seed := range []string{
		"", "text", `{"msg":"x","a":{"b":[1,null,"\u001b[0m"]}}`, "\x1b[", "\x1b]0;", "level=info msg=\"a b\"", "\xff\xfe",
		`I0923 12:34:56.789012    1234 file.go:12] "msg" k="v"`, `{"level":10,"n":1e999,"_truncated":1}`, "a\u202e\u2028",
	} {
		f.Add([]byte(seed), int64(0))
	}
	f.Fuzz(func(t *testing.T, line []byte, truncated int64) {
		if truncated < 0 {
			return
		}
		got := Line(noon, line, truncated)
		if len(got.Message) > MaxMessage || !utf8.ValidString(got.Message) || strings.IndexFunc(got.Message, forbidden) >= 0 {
			t.Errorf("message %q", got.Message)
		}
		switch got.Level {
		case v1alpha1.LogDebug, v1alpha1.LogInfo, v1alpha1.LogWarn, v1alpha1.LogError:
		default:
			t.Errorf("level %q", got.Level)
		}
		if got.Data == nil {
			return
		}
		var data map[string]any
		if err := json.Unmarshal(got.Data.Raw, &data); err != nil || len(got.Data.Raw) > MaxData || !utf8.Valid(got.Data.Raw) {
			t.Errorf("data %s: %v", got.Data.Raw, err)
		}
	})
}

func BenchmarkLine(b *testing.B) {
	for name, line := range map[string]string{
		"plain": "fetched page 3 of 7",
		"json":  `{"time":"2026-01-02T03:04:05Z","level":"INFO","msg":"page fetched","page":3,"users":50}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Line(noon, []byte(line), 0)
			}
		})
	}
}
