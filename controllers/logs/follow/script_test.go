// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/taskexec/taskexec/controllers/logs/source"
)

var errCut = errors.New("connection reset by peer")

// kubelet is a scripted log server. It serves what a container printed as a kubelet does (from a whole second on,
// followed or not), and breaks connections as scripted.
type kubelet struct {
	mu      sync.Mutex
	lines   []string // with timestamps
	stamps  []time.Time
	grown   chan struct{} // closed and replaced after each change
	exited  bool
	cuts    *rand.Rand // nil: no connection breaks
	opened  int
	refused error
	// rotated is the index of the first line of the current file. Only a reader that is already connected gets earlier
	// lines.
	rotated int
	// torn is the rest of the last line of the previous file, with which the current file begins. It may be empty.
	torn      string
	tornStamp time.Time
	// words are served instead of a log.
	words string
	// cutOften breaks every third line. cutAt breaks the next line once, after that many bytes.
	cutOften bool
	cutAt    int
	// short is how many of the next plain reads end after one line, without an error. The API server ends a response so
	// if its connection to the kubelet breaks.
	short int
	// broken is closed to break all open connections; lost, to make them hang.
	broken, lost chan struct{}
}

func newKubelet() *kubelet {
	return &kubelet{grown: make(chan struct{}), broken: make(chan struct{}), lost: make(chan struct{})}
}

// disconnect breaks all open connections.
func (k *kubelet) disconnect() {
	k.mu.Lock()
	defer k.mu.Unlock()
	close(k.broken)
	k.broken = make(chan struct{})
}

// loseReaders makes all open connections hang.
func (k *kubelet) loseReaders() {
	k.mu.Lock()
	defer k.mu.Unlock()
	close(k.lost)
	k.lost = make(chan struct{})
}

func (k *kubelet) change(f func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f()
	close(k.grown)
	k.grown = make(chan struct{})
}

func (k *kubelet) print(at time.Time, text string) { k.printCut(at, text+"\n") }

// printCut prints a line without its newline.
func (k *kubelet) printCut(at time.Time, text string) {
	k.change(func() {
		k.lines = append(k.lines, at.UTC().Format(time.RFC3339Nano)+" "+text)
		k.stamps = append(k.stamps, at)
	})
}

// rotate begins a new file. Readers that were lost are not told.
func (k *kubelet) rotate() { k.change(func() { k.rotated, k.torn = len(k.lines), "" }) }

// printRotated prints a line and rotates the file within it.
func (k *kubelet) printRotated(at time.Time, text string, restAt time.Time, rest string) {
	k.change(func() {
		k.lines = append(k.lines, at.UTC().Format(time.RFC3339Nano)+" "+text+"\n")
		k.stamps = append(k.stamps, at)
		k.rotated, k.tornStamp, k.torn = len(k.lines), restAt, restAt.UTC().Format(time.RFC3339Nano)+" "+rest+"\n"
	})
}

// rotateWithin begins a new file within the last printed line, with the rest of that line.
func (k *kubelet) rotateWithin(at time.Time, rest string) {
	k.change(func() {
		k.rotated, k.tornStamp, k.torn = len(k.lines), at, at.UTC().Format(time.RFC3339Nano)+" "+rest+"\n"
	})
}

func (k *kubelet) exit() { k.change(func() { k.exited = true }) }

// requests returns how often a log was opened.
func (k *kubelet) requests() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.opened
}

// Open serves the log from r.Since on.
func (k *kubelet) Open(ctx context.Context, r source.Request) (io.ReadCloser, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.opened++
	if k.refused != nil {
		return nil, k.refused
	}
	reader, writer := io.Pipe()
	go func() { _ = writer.CloseWithError(k.serve(ctx, writer, r)) }()
	return reader, nil
}

// serve writes lines until the log ends or the connection is cut, mostly mid-line.
func (k *kubelet) serve(ctx context.Context, w io.Writer, r source.Request) error {
	k.mu.Lock()
	i, words, broken, lost := k.rotated, k.words, k.broken, k.lost
	short := k.short > 0 && !r.Follow
	if short {
		k.short--
	}
	torn := k.torn
	if k.tornStamp.Before(r.Since) {
		torn = ""
	}
	k.mu.Unlock()
	if _, err := io.WriteString(w, torn); err != nil {
		return err
	}
	if words != "" {
		_, err := io.WriteString(w, words)
		return err
	}
	for {
		k.mu.Lock()
		for i < len(k.lines) && k.stamps[i].Before(r.Since) {
			i++
		}
		line := ""
		if i < len(k.lines) {
			line = k.lines[i]
		}
		over, grown := k.exited || !r.Follow, k.grown
		cut, clean := k.cut(line)
		k.mu.Unlock()
		select {
		case <-broken:
			return errCut
		case <-lost:
			<-ctx.Done()
			return ctx.Err()
		default:
		}
		switch {
		case line == "" && over:
			return io.EOF
		case line == "":
			select {
			case <-grown:
			case <-broken:
				return errCut
			case <-ctx.Done():
				return ctx.Err()
			case <-lost:
			}
			continue
		case cut >= 0:
			if _, err := io.WriteString(w, line[:cut]); err != nil {
				return err
			}
			if clean && r.Follow {
				return io.EOF // as after the server's own timeout
			}
			return errCut
		}
		if _, err := io.WriteString(w, line); err != nil {
			return err
		}
		if i++; short {
			return io.EOF
		}
	}
}

// cut returns where a line breaks (-1 for nowhere), and whether cleanly. The caller holds the lock.
func (k *kubelet) cut(line string) (at int, clean bool) {
	every := 40
	if k.cutOften {
		every = 3
	}
	switch {
	case line == "":
		return -1, false
	case k.cutAt > 0:
		at, k.cutAt = k.cutAt, 0
		return at, false
	case k.cuts == nil || k.cuts.IntN(every) > 0:
		return -1, false
	default:
		return k.cuts.IntN(len(line) + 1), k.cuts.IntN(2) == 0
	}
}

// countByText returns how often each text came.
func countByText(texts []string) string {
	counts := map[string]int{}
	var order []string
	for _, t := range texts {
		if counts[t]++; counts[t] == 1 {
			order = append(order, t)
		}
	}
	var b strings.Builder
	for _, t := range order {
		fmt.Fprintf(&b, "%s×%d ", t, counts[t])
	}
	return b.String()
}
