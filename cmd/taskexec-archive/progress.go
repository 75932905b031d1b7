// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// shownEvery is the time between two lines of progress.
const shownEvery = 2 * time.Second

// progress tells a person how far a command is, at most every two seconds.
type progress struct {
	to    io.Writer
	what  string
	began time.Time
	shown time.Time
	n     int
}

func (t *target) progressOf(what string) *progress {
	return &progress{to: t.progress, what: what, began: time.Now(), shown: time.Now()}
}

// step counts one more. at is where the command is.
func (p *progress) step(at string) {
	p.n++
	if time.Since(p.shown) < shownEvery {
		return
	}
	p.shown = time.Now()
	fmt.Fprintf(p.to, "%s: %d, %.0f a second, at %s\n", p.what, p.n, float64(p.n)/time.Since(p.began).Seconds(), at)
}

// checkpoint remembers in a file how far a command came, so that it goes on there after it was stopped. Without a file it remembers
// nothing.
type checkpoint struct {
	file string
	// At has the last key that was done, of each namespace.
	At map[string]string `json:"at"`
	// Archive and Cluster are those that the file is about.
	Archive string `json:"archive"`
	Cluster string `json:"cluster"`
	saved   time.Time
}

func (t *target) checkpointIn(file string) (*checkpoint, error) {
	c := &checkpoint{file: file, At: map[string]string{}, Archive: withoutParameters(t.url), Cluster: t.cluster, saved: time.Now()}
	if file == "" {
		return c, nil
	}
	raw, err := os.ReadFile(file) //nolint:gosec // who calls the command chose the file
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading how far the last attempt came: %w", err)
	}
	var before checkpoint
	if err := json.Unmarshal(raw, &before); err != nil {
		return nil, fmt.Errorf("reading how far the last attempt came from %s: %w; remove the file to begin anew", file, err)
	}
	if before.Archive != c.Archive || before.Cluster != c.Cluster {
		return nil, fmt.Errorf("the file %s is about the archive %s of cluster %s; give another --state file, or remove it", file, before.Archive, before.Cluster)
	}
	if before.At != nil {
		c.At = before.At
	}
	return c, nil
}

// done remembers that everything up to a key is done. It writes the file every two seconds.
func (c *checkpoint) done(namespace, key string) error {
	c.At[namespace] = key
	if c.file == "" || time.Since(c.saved) < shownEvery {
		return nil
	}
	return c.save()
}

// save writes the file.
func (c *checkpoint) save() error {
	if c.file == "" {
		return nil
	}
	c.saved = time.Now()
	raw, err := json.Marshal(c)
	if err != nil {
		return err
	}
	const private = 0o600
	next := filepath.Join(filepath.Dir(c.file), "."+filepath.Base(c.file)+".next")
	if err := os.WriteFile(next, raw, private); err != nil {
		return fmt.Errorf("remembering how far it came: %w", err)
	}
	return os.Rename(next, c.file)
}

// finish removes the file: the next command begins anew.
func (c *checkpoint) finish() error {
	if c.file == "" {
		return nil
	}
	if err := os.Remove(c.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
