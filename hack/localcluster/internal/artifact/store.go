// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/taskexec/taskexec/hack/localcluster/internal/progress"
)

// Store is the cache of built programs.
type Store struct {
	Dir      string // the cache's folder
	Source   string // hack/localcluster
	Progress *progress.Reporter
}

// Lookup returns the recipe's folder and whether its programs are built already. A folder that has the name of the
// exact key is used too. Lookup links it to the key's name, so that it is found after a change of comments.
func (s *Store) Lookup(r Recipe) (dir string, built bool, err error) {
	key, err := r.Key(s.Source)
	if err != nil {
		return "", false, err
	}
	dir = filepath.Join(s.Dir, key)
	if folder, err := filepath.EvalSymlinks(dir); err == nil {
		return folder, true, nil
	}
	exact, err := r.exactKey(s.Source)
	if err != nil {
		return "", false, err
	}
	if folder, err := filepath.EvalSymlinks(filepath.Join(s.Dir, exact)); err == nil {
		_ = os.Symlink(exact, dir) // without the link it is found as it was now
		return folder, true, nil
	}
	return dir, false, nil
}

// Ensure builds the programs that the cache lacks and returns each recipe's folder by its name. It waits for builds
// of other processes. A build that was killed is never mistaken for a finished one.
func (s *Store) Ensure(ctx context.Context, recipes ...Recipe) (map[string]string, error) {
	dirs := map[string]string{}
	var missing []Recipe
	for _, r := range recipes {
		dir, built, err := s.Lookup(r)
		if err != nil {
			return nil, err
		}
		dirs[r.Name] = dir
		if !built {
			missing = append(missing, r)
		}
	}
	if len(missing) == 0 {
		return dirs, nil
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	for _, r := range missing {
		if err := s.build(ctx, r, dirs[r.Name]); err != nil {
			return nil, err
		}
	}
	return dirs, nil
}

func (s *Store) build(ctx context.Context, r Recipe, dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil // another process built it while this one waited for the lock
	}
	_ = os.Remove(dir) // a link of Lookup whose folder was deleted
	stale, _ := filepath.Glob(dir + ".building-*")
	for _, path := range stale {
		os.RemoveAll(path) // we hold the lock, so nobody else is building there
	}
	work, err := os.MkdirTemp(s.Dir, filepath.Base(dir)+".building-")
	if err != nil {
		return fmt.Errorf("making a folder to build %s in: %w", r.Name, err)
	}
	defer os.RemoveAll(work)
	step := s.Progress.StartLong("build "+r.Name+" "+r.Version, r.Expect)
	return step.End(s.buildInto(ctx, r, work, dir, step))
}

func (s *Store) buildInto(ctx context.Context, r Recipe, work, dir string, step *progress.Step) error {
	for file, pkg := range r.Programs {
		if err := s.goBuild(ctx, r, filepath.Join(work, file), pkg, step); err != nil {
			return err
		}
		for _, link := range r.Links {
			if err := os.Symlink(file, filepath.Join(work, link)); err != nil {
				return err
			}
		}
	}
	if err := os.Chmod(work, 0o755); err != nil {
		return err
	}
	return os.Rename(work, dir)
}

func (s *Store) goBuild(ctx context.Context, r Recipe, output, pkg string, step *progress.Step) error {
	goTool, err := findGo()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, goTool, "build", "-v", "-trimpath", "-buildvcs=false", "-mod=readonly",
		"-tags", r.Tags, "-ldflags", r.LDFlags, "-o", output, pkg)
	cmd.Dir = filepath.Join(s.Source, r.Module)
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "GOOS=", "GOARCH=", "CGO_ENABLED="+digit(r.CGO))
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("running %s: %w", goTool, err)
	}
	said := follow(stderr, step)
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("building %s %s (`go build %s` in %s): %w\n%s", r.Name, r.Version, pkg, cmd.Dir, err, said)
	}
	return nil
}

// follow counts the packages that `go build -v` prints and reports the count as progress. It returns the other
// output, which explains a failure.
func follow(output io.Reader, step *progress.Step) string {
	var said bytes.Buffer
	compiled, downloaded := 0, 0
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		switch line := lines.Text(); {
		case strings.HasPrefix(line, "go: downloading "):
			downloaded++
			step.Detail("%d modules downloaded", downloaded)
		case !strings.ContainsAny(line, " :"):
			compiled++
			step.Detail("%d packages compiled", compiled)
		default:
			fmt.Fprintln(&said, line)
		}
	}
	return said.String()
}

// findGo searches the PATH, then GOROOT, then the usual folders. Under sudo, the PATH often lacks Go.
func findGo() (string, error) {
	if path, err := exec.LookPath("go"); err == nil {
		return path, nil
	}
	for _, dir := range []string{os.Getenv("GOROOT"), "/usr/local/go", "/usr/lib/go"} {
		if path := filepath.Join(dir, "bin", "go"); dir != "" {
			if _, err := os.Stat(path); err == nil {
				return path, nil
			}
		}
	}
	return "", fmt.Errorf("no Go toolchain found to build with: put `go` on the PATH (under sudo: sudo env PATH=\"$PATH\" …)")
}

func digit(on bool) string {
	if on {
		return "1"
	}
	return "0"
}
