// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package process

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// fakeProc creates a proc file system with one process.
func fakeProc(t *testing.T, pid int, stat, environ, boot string) Table {
	t.Helper()
	root := t.TempDir()
	for path, content := range map[string]string{
		filepath.Join(strconv.Itoa(pid), "stat"):    stat,
		filepath.Join(strconv.Itoa(pid), "environ"): environ,
		"sys/kernel/random/boot_id":                 boot + "\n",
	} {
		file := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Table{Root: root}
}

// statLine returns the content of /proc/PID/stat up to the start time.
func statLine(name, state, threads, start string) string {
	return "42 (" + name + ") " + state + " 1 42 42 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 " + threads + " 0 " + start + " 1 2 3"
}

func TestAlive(t *testing.T) {
	recorded := Identity{PID: 42, StartTicks: 1000, BootID: "this-boot"}
	tests := map[string]struct {
		id   Identity
		stat string
		boot string
		want bool
	}{
		"the same process":               {recorded, statLine("etcd", "S", "9", "1000"), "this-boot", true},
		"a name with spaces and parens":  {recorded, statLine("a) S (b", "R", "9", "1000"), "this-boot", true},
		"the pid was recycled":           {recorded, statLine("sshd", "S", "1", "2000"), "this-boot", false},
		"another boot, same numbers":     {recorded, statLine("sshd", "S", "1", "1000"), "next-boot", false},
		"a zombie":                       {recorded, statLine("etcd", "Z", "1", "1000"), "this-boot", false},
		"a zombie whose threads live on": {recorded, statLine("etcd", "Z", "7", "1000"), "this-boot", true},
		"no such process":                {Identity{PID: 43, StartTicks: 1000, BootID: "this-boot"}, statLine("etcd", "S", "9", "1000"), "this-boot", false},
		"init is never ours":             {Identity{PID: 1, StartTicks: 1000, BootID: "this-boot"}, statLine("etcd", "S", "9", "1000"), "this-boot", false},
		"an empty record":                {Identity{}, statLine("etcd", "S", "9", "1000"), "this-boot", false},
		"a stat line that is cut off":    {recorded, "42 (etcd) S 1", "this-boot", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := fakeProc(t, 42, tt.stat, "", tt.boot).Alive(tt.id); got != tt.want {
				t.Errorf("Alive = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestCarryingEnv(t *testing.T) {
	tests := map[string]struct {
		environ string
		want    []int
	}{
		"first":              {"MARK=x\x00PATH=/bin\x00", []int{42}},
		"later":              {"PATH=/bin\x00MARK=x\x00", []int{42}},
		"another value":      {"MARK=xy\x00", nil},
		"end of another key": {"REMARK=x\x00", nil},
		"none":               {"", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := fakeProc(t, 42, "", tt.environ, "b").CarryingEnv("MARK=x"); !slices.Equal(got, tt.want) {
				t.Errorf("CarryingEnv = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestDaemonLife(t *testing.T) {
	dir := t.TempDir()
	daemon := Daemon{
		Name: "sleeper", Path: "/bin/sleep", Args: []string{"60"}, Dir: "/", Spec: "one",
		PidFile: filepath.Join(dir, "pids", "sleeper.json"), LogFile: filepath.Join(dir, "logs", "sleeper.log"),
	}
	if _, alive := daemon.Running(); alive {
		t.Fatal("runs before it was started")
	}
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	record, alive := daemon.Running()
	if !alive || record.Spec != "one" {
		t.Fatalf("after start: alive %v, record %+v", alive, record)
	}
	if err := daemon.Stop(time.Second); err != nil {
		t.Fatal(err)
	}
	if err := daemon.Stop(time.Second); err != nil {
		t.Fatalf("stopping twice: %v", err)
	}
	if Proc.Alive(record.Identity) {
		t.Error("survives its stop")
	}
}

// The process in a pid file may have ended, and its number may belong to another program.
func TestStopSparesStranger(t *testing.T) {
	stranger := exec.Command("/bin/sleep", "60")
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stranger.Process.Kill(); _ = stranger.Wait() }()
	file := filepath.Join(t.TempDir(), "etcd.json")
	record := `{"pid":` + strconv.Itoa(stranger.Process.Pid) + `,"startTicks":1,"bootID":"long-ago"}`
	if err := os.WriteFile(file, []byte(record), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := (Daemon{Name: "etcd", PidFile: file}).Stop(0); err != nil {
		t.Fatal(err)
	}
	if _, err := Proc.Identify(stranger.Process.Pid); err != nil {
		t.Errorf("the stranger was ended: %v", err)
	}
}
