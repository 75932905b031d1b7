// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/lines"
	"github.com/taskexec/taskexec/controllers/logs/replay"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// benchLines is how many lines the log has that is searched.
const benchLines = 1_000_000

// BenchmarkSearch searches an archived log of 1,000,000 lines of 100 bytes to its end. It should take less than a second.
func BenchmarkSearch(b *testing.B) {
	if testing.Short() {
		b.Skip("writes 130 MB")
	}
	ours := archive.Execution{Namespace: "default", Name: "run", UID: "uid"}
	folder := b.TempDir()
	ix := writeLog(b, folder, ours)
	opened, err := bucket.Open(b.Context(), "file://"+folder)
	if err != nil {
		b.Fatal(err)
	}
	defer opened.Close()
	reader := archive.NewReader(opened)
	for name, c := range map[string]struct {
		text                   string
		expression, ignoreCase bool
	}{
		"literal": {"needle", false, false}, "ignoreCase": {"NEEDLE", false, true}, "regex": {`needle \d+`, true, false}, "regexWithoutLiteral": {`n[e]{2}dle\s`, true, false},
	} {
		b.Run(name, func(b *testing.B) {
			of, err := newMatcher(c.text, c.expression, c.ignoreCase)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				l := &servedLog{Handlers: &Handlers{Logs: &Reader{}}, id: "run", execution: &v1alpha1.TaskExecution{}, final: true, fresh: true, query: logQuery{limit: 100}}
				l.replay = &replay.Replay{Archive: reader, Index: ix, Segments: replay.Segments(ix, nil, replay.Selection{})}
				searched, matches := int64(0), 0
				for end := false; !end; { // more than once on a machine that is busy
					l.fresh = true
					found, err := l.search(context.Background(), of)
					if err != nil {
						b.Fatal(err)
					}
					if l.query.from, err = replay.ParsePosition(found.NextCursor); err != nil {
						b.Fatal(err)
					}
					searched, matches, end = searched+found.Lines, matches+len(found.Matches), found.End
				}
				if searched != benchLines || matches != benchLines/100_000 {
					b.Fatalf("%d matches in %d lines", matches, searched)
				}
			}
			b.ReportMetric(benchLines*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}

// writeLog writes a log as the archive's writer would, 10,000 lines a second. One line of 100,000 has the word needle.
func writeLog(b *testing.B, folder string, of archive.Execution) *archive.Index {
	b.Helper()
	at := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	run := source.ContainerRun{Pod: "pod", PodUID: "pod-uid", Container: "main", ContainerID: "c1", Role: source.Main, StartedAt: at}
	stream := archive.Stream{StreamID: archive.IDOf(&run), Role: run.Role, StartedAt: at, Ended: true}
	parts := filepath.Join(folder, of.Namespace, string(of.UID), run.Pod, run.Container, "0")
	if err := os.MkdirAll(parts, 0o755); err != nil {
		b.Fatal(err)
	}
	text := bytes.Repeat([]byte("ordinary "), 10)
	var raw []byte
	part := archive.Part{First: at}
	for i := range benchLines {
		raw = lines.AppendStamp(raw, at)
		if i%100_000 == 99_999 {
			raw = fmt.Appendf(raw, "needle %d ", i)
		}
		raw = append(append(raw, text...), '\n')
		part.Lines, part.Last = part.Lines+1, at
		at = at.Add(100 * time.Microsecond)
		if len(raw) < 4<<20 && i < benchLines-1 {
			continue
		}
		part.Bytes = int64(len(raw))
		if err := os.WriteFile(filepath.Join(parts, fmt.Sprintf("%08d.log", len(stream.Parts))), raw, 0o600); err != nil {
			b.Fatal(err)
		}
		stream.Parts, raw, part = append(stream.Parts, part), raw[:0], archive.Part{First: at}
	}
	ix := &archive.Index{Version: 1, Execution: of, Ended: true, Streams: []archive.Stream{stream}}
	raw, err := json.Marshal(ix)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, of.Namespace, string(of.UID), "index.json"), raw, 0o600)
	}
	if err != nil {
		b.Fatal(err)
	}
	return ix
}
