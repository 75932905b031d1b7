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

// component is one daemon of the node and all that decides how it runs.
type component struct {
	name    string
	program string
	args    []string
	env     []string
	// files are the configuration files it reads, by path; they are written before it starts.
	files map[string][]byte
	// reads are files made elsewhere (keys, kubeconfigs) that it must be restarted for when they change.
	reads   []string
	listens []preflight.Listener
	// healthy says whether it serves, not merely runs.
	healthy func(context.Context) error
	// grace is how long a polite stop may take.
	grace time.Duration
}

// healthTimeout bounds one question to a component.
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

// digest changes whenever the component would have to be restarted to take a change up.
func (c component) digest() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q %q\n", c.program, c.args, c.env)
	for _, path := range sortedKeys(c.files) {
		fmt.Fprintf(sum, "%s %q\n", path, c.files[path])
	}
	for _, path := range c.reads {
		data, _ := os.ReadFile(path) // one that is missing makes the component itself say so
		fmt.Fprintf(sum, "%s %q\n", path, data)
	}
	return hex.EncodeToString(sum.Sum(nil))[:16]
}

// ensure starts the component unless it runs as it should, and says whether it had to.
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

// awaitPorts gives the kernel a moment: it may still be closing the sockets of a process that was killed,
// which then have no owner any more.
func (c component) awaitPorts() error {
	for deadline := time.Now().Add(3 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		err := preflight.CheckPorts(process.Proc, c.listens)
		var taken *preflight.PortTaken
		if !errors.As(err, &taken) || taken.PID != 0 || time.Now().After(deadline) {
			return err
		}
	}
}

// strays are earlier runs of the component that no pid file tells of, because this program died between
// starting one and writing the file.
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

// await returns when the component serves; it gives up early when the process has ended.
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

// tail returns a log's last lines, for an error message.
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

// ErrUnknownComponent is returned for a name that no component has.
var ErrUnknownComponent = errors.New("no such component")
