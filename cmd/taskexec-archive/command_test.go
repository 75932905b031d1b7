// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/source"
	"github.com/taskexec/taskexec/controllers/records"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// anArchive is a folder with the records and logs of runs.
type anArchive struct {
	folder string
	logs   *archive.Writer
	writer *records.Writer
}

func newArchive(t *testing.T) *anArchive {
	t.Helper()
	a := &anArchive{folder: t.TempDir()}
	opened, err := bucket.Open(t.Context(), "file://"+a.folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	a.writer = records.NewWriter(records.WriterOptions{Bucket: bucket.New(opened, logr.Discard()), Cluster: "cluster-a", Log: logr.Discard()})
	a.logs, err = archive.NewWriter(archive.WriterOptions{Bucket: opened, Cluster: "cluster-a", SpoolDir: t.TempDir(), SpoolBytes: 1 << 20, PartBytes: 1 << 16, PartAge: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// log archives a log of three lines.
func (a *anArchive) log(t *testing.T, name string) {
	t.Helper()
	l := a.logs.Begin(archive.Execution{Namespace: "team-a", Name: name, UID: types.UID("uid-" + name)}, true)
	s := l.Stream(&source.ContainerRun{Namespace: "team-a", Pod: name, PodUID: "pod", Container: "main", ContainerID: "1", StartedAt: noon})
	for i := range 3 {
		s.Line(noon.Add(time.Duration(i)*time.Second), fmt.Appendf(nil, "line %d of %s", i, name), true)
	}
	s.End()
	l.End()
	for !l.State().Settled {
		select {
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-time.After(time.Millisecond):
		}
	}
}

// record records a run.
func (a *anArchive) record(t *testing.T, name string) {
	t.Helper()
	e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: name, UID: types.UID("uid-" + name), CreationTimestamp: metav1.NewTime(noon)}}
	e.Spec.TaskRef.Name = "sync"
	e.Status.Phase, e.Status.LogSummary = v1alpha1.PhaseCompleted, &v1alpha1.LogSummary{Entries: 3, Archived: true}
	if err := a.writer.Put(t.Context(), e, nil); err != nil {
		t.Fatal(err)
	}
}

func (a *anArchive) flush(t *testing.T) {
	t.Helper()
	if err := a.writer.Flush(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

// files returns the files whose names have a suffix.
func (a *anArchive) files(t *testing.T, suffix string) (found []string) {
	t.Helper()
	if err := filepath.WalkDir(a.folder, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, suffix) {
			found = append(found, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

// call runs the command and returns what it prints on stdout.
func (a *anArchive) call(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out, progress bytes.Buffer
	c := newCommand()
	c.SetOut(&out)
	c.SetErr(&progress)
	c.SetArgs(append(args, "--archive-url=file://"+a.folder))
	err := c.ExecuteContext(t.Context())
	return out.String(), err
}

func TestVerifyFindsWhatIsWrong(t *testing.T) {
	part := func(t *testing.T, a *anArchive) string { return a.files(t, "one/main/0/00000000.log")[0] }
	for name, c := range map[string]struct {
		change func(*testing.T, *anArchive)
		want   string // empty: nothing is wrong
	}{
		"nothing":           {func(*testing.T, *anArchive) {}, ""},
		"a part is shorter": {func(t *testing.T, a *anArchive) { truncate(t, part(t, a), 10) }, "and the index says 3 in"},
		"a part is gone":    {func(t *testing.T, a *anArchive) { remove(t, part(t, a)) }, "reading the part"},
		"a log is gone": {func(t *testing.T, a *anArchive) {
			if err := os.RemoveAll(filepath.Join(a.folder, "team-a", "uid-one")); err != nil {
				t.Fatal(err)
			}
		}, "has 3 archived lines according to its record, and no log"},
		"a record is cut":   {func(t *testing.T, a *anArchive) { truncate(t, a.files(t, "uid-one.json")[0], 100) }, "reading the record"},
		"a segment is cut":  {func(t *testing.T, a *anArchive) { truncate(t, a.files(t, ".parquet")[0], 500) }, "reading the segment"},
		"a segment is gone": {func(t *testing.T, a *anArchive) { remove(t, a.files(t, ".parquet")[0]) }, "is not in the history"},
		"a file of somebody": {func(t *testing.T, a *anArchive) {
			write(t, filepath.Join(a.folder, ".taskexec/cluster-a/history/team-a/notes.txt"))
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := newArchive(t)
			for _, run := range []string{"one", "two"} {
				a.log(t, run)
				a.record(t, run)
			}
			a.flush(t)
			c.change(t, a)
			out, err := a.call(t, "verify")
			switch {
			case c.want == "" && (err != nil || !strings.Contains(out, "2 runs, 1 segments of the history, 2 parts of logs with 6 lines") || !strings.Contains(out, " 0 problems")):
				t.Errorf("%v\n%s", err, out)
			case c.want != "" && (!errors.Is(err, errProblems) || !strings.Contains(out, c.want)):
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// A history that was lost is made anew from the records, and verify then finds nothing wrong.
func TestRebuild(t *testing.T) {
	a := newArchive(t)
	for _, run := range []string{"one", "two", "three"} {
		a.log(t, run)
		a.record(t, run)
	}
	a.flush(t)
	for _, segment := range a.files(t, ".parquet") {
		remove(t, segment)
	}
	for _, want := range []string{"read 3 records, added 3 to the history", "read 3 records, added 0 to the history"} {
		if out, err := a.call(t, "rebuild"); err != nil || !strings.Contains(out, want) {
			t.Errorf("%v\n%s", err, out)
		}
	}
	if out, err := a.call(t, "verify"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := a.call(t, "list", "--limit=2"); err != nil || strings.Count(out, "team-a") != 2 {
		t.Errorf("%v\n%s", err, out)
	}
}

// Logs of an earlier version are found by the ids of their runs, once they are recorded.
func TestMigrate(t *testing.T) {
	a := newArchive(t)
	a.log(t, "old")
	if _, err := a.call(t, "migrate"); err == nil || !strings.Contains(err.Error(), "give --cluster-id") {
		t.Errorf("got %v", err)
	}
	for _, want := range []string{"recorded 1, left 0", "recorded 0, left 0"} {
		if out, err := a.call(t, "migrate", "--cluster-id=cluster-a"); err != nil || !strings.Contains(out, want) {
			t.Errorf("%v\n%s", err, out)
		}
	}
	if out, err := a.call(t, "migrate", "--cluster-id=cluster-b"); err != nil || !strings.Contains(out, "recorded 0, left 1") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := a.call(t, "verify"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	to := filepath.Join(t.TempDir(), "old")
	if out, err := a.call(t, "export", "old", "-o", to); err != nil || !strings.Contains(out, "3 lines of 1 containers") {
		t.Errorf("%v\n%s", err, out)
	}
	raw, err := os.ReadFile(filepath.Join(to, "old.main.0.log"))
	if err != nil || !strings.Contains(string(raw), "line 2 of old\n") {
		t.Errorf("%q, %v", raw, err)
	}
	if _, err := a.call(t, "export", "old", "-o", to); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("got %v", err)
	}
}

func TestForget(t *testing.T) {
	a := newArchive(t)
	for _, run := range []string{"one", "two"} {
		a.log(t, run)
		a.record(t, run)
	}
	a.flush(t)
	if out, err := a.call(t, "forget", "one"); err != nil || !strings.Contains(out, "forgot team-a/one") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := a.call(t, "list"); err != nil || strings.Contains(out, "one") || !strings.Contains(out, "two") {
		t.Errorf("%v\n%s", err, out)
	}
	if left := append(a.files(t, "uid-one.json"), a.files(t, "one/main/0/00000000.log")...); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	if _, err := a.call(t, "forget", "one"); err == nil || !strings.Contains(err.Error(), "no record of a run one") {
		t.Errorf("got %v", err)
	}
}

// A check that was stopped goes on where it was, and refuses the state of another archive.
func TestVerifyGoesOn(t *testing.T) {
	a := newArchive(t)
	for _, run := range []string{"one", "two"} {
		a.log(t, run)
		a.record(t, run)
	}
	a.flush(t)
	state := filepath.Join(t.TempDir(), "state.json")
	first := a.files(t, "uid-one.json")[0]
	key := strings.TrimPrefix(first, a.folder+"/")
	if err := os.WriteFile(state, fmt.Appendf(nil, `{"archive":"file://%s","cluster":"cluster-a","at":{"team-a":%q}}`, a.folder, key), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := a.call(t, "verify", "--state="+state); err != nil || !strings.Contains(out, "1 runs,") {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := os.Stat(state); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the state is left: %v", err)
	}
	write(t, state)
	if _, err := a.call(t, "verify", "--state="+state); err == nil || !strings.Contains(err.Error(), "remove the file to begin anew") {
		t.Errorf("got %v", err)
	}
}

func truncate(t *testing.T, file string, size int64) {
	t.Helper()
	if err := os.Truncate(file, size); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, file string) {
	t.Helper()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, file string) {
	t.Helper()
	if err := os.WriteFile(file, []byte("notes"), 0o600); err != nil {
		t.Fatal(err)
	}
}
