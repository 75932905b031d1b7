// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package cluster

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"time"

	"github.com/taskexec/taskexec/hack/localcluster/internal/layout"
	"github.com/taskexec/taskexec/hack/localcluster/internal/preflight"
	"github.com/taskexec/taskexec/hack/localcluster/internal/process"
)

// component is one daemon of the node and everything that determines how it runs.
type component struct {
	name    string
	program string
	args    []string
	env     []string
	// files maps the paths of its configuration files to their contents. They are written before it starts.
	files map[string][]byte
	// reads lists files that are written elsewhere (keys, kubeconfigs). When one changes, the component must be
	// restarted.
	reads   []string
	listens []preflight.Listener
	// healthy checks that the component serves, and not only that its process runs.
	healthy func(context.Context) error
	// grace is how long the component may take to end after SIGTERM.
	grace time.Duration
}

// healthTimeout limits one health check.
const healthTimeout = 3 * time.Second

func (c component) daemon() process.Daemon {
	return process.Daemon{
		Name: c.name, Path: c.program, Args: c.args, Dir: "/",
		Env:     append([]string{"PATH=" + os.Getenv("PATH"), "HOME=/root", marker()}, c.env...),
		PidFile: layout.Pids(c.name + ".json"), LogFile: layout.Logs(c.name + ".log"),
		Spec: c.digest(),
	}
}

func marker() string { return layout.Marker + "=" + layout.RunDir }

// digest returns a digest that changes whenever the component must be restarted to apply a change.
func (c component) digest() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q %q\n", c.program, c.args, c.env)
	for _, path := range sortedKeys(c.files) {
		fmt.Fprintf(sum, "%s %q\n", path, c.files[path])
	}
	for _, path := range c.reads {
		data, _ := os.ReadFile(path) // if a file is missing, the component itself reports it
		fmt.Fprintf(sum, "%s %q\n", path, data)
	}
	return hex.EncodeToString(sum.Sum(nil))[:16]
}

// ensure starts the component if it does not run, or runs with an old digest. It reports whether it started it.
func (c component) ensure() (started bool, err error) {
	daemon := c.daemon()
	record, alive := daemon.Running()
	if alive && record.Spec == daemon.Spec {
		return false, nil
	}
	if err := daemon.Stop(c.grace); err != nil {
		return false, err
	}
	for _, stray := range c.strays() {
		if err := process.Terminate(stray, 0); err != nil {
			return false, err
		}
	}
	if err := c.awaitPorts(); err != nil {
		return false, err
	}
	for path, content := range c.files {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return false, err
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return false, fmt.Errorf("writing the configuration of %s: %w", c.name, err)
		}
	}
	if _, err := os.Stat(c.program); err != nil {
		return false, fmt.Errorf("%s is not built (%w); `localcluster up` builds it", c.name, err)
	}
	return true, daemon.Start()
}

// awaitPorts waits until the ports are free. After a process was killed, the kernel may need a moment to close its
// sockets, which have no owner then.
func (c component) awaitPorts() error {
	for deadline := time.Now().Add(3 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		err := preflight.CheckPorts(process.Proc, c.listens)
		var taken *preflight.PortTaken
		if !errors.As(err, &taken) || taken.PID != 0 || time.Now().After(deadline) {
			return err
		}
	}
}

// strays returns earlier processes of the component without a pid file. They exist if this program died after it
// started one and before it wrote the file.
func (c component) strays() []process.Identity {
	var strays []process.Identity
	record, alive := c.daemon().Running()
	for _, pid := range process.Proc.CarryingEnv(marker()) {
		if alive && pid == record.PID || filepath.Base(process.Proc.Argv0(pid)) != filepath.Base(c.program) {
			continue
		}
		if identity, err := process.Proc.Identify(pid); err == nil {
			strays = append(strays, identity)
		}
	}
	return strays
}

// await returns when the component serves. It returns an error as soon as the process has ended.
func (c component) await(ctx context.Context, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	daemon := c.daemon()
	for {
		if _, alive := daemon.Running(); !alive {
			return fmt.Errorf("%s ended right after it started; the end of %s:\n%s", c.name, daemon.LogFile, tail(daemon.LogFile))
		}
		err := c.check(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s runs but does not serve after %s (%w); the end of %s:\n%s",
				c.name, within, err, daemon.LogFile, tail(daemon.LogFile))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (c component) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	return c.healthy(ctx)
}

// tail returns the last lines of a log, for an error message.
func tail(path string) []byte {
	const lines = 12
	data, err := os.ReadFile(path)
	if err != nil {
		return []byte(err.Error())
	}
	split := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	return bytes.Join(split[max(0, len(split)-lines):], []byte("\n"))
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// ErrUnknownComponent says that no component has this name.
var ErrUnknownComponent = errors.New("no such component")
