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
)

var errCut = errors.New("connection reset by peer")

// kubelet is a scripted log server: it has what a container printed, gives it as a kubelet does (from a whole
// second on, followed or not), and breaks connections where the script says.
type kubelet struct {
	mu      sync.Mutex
	lines   []string // with timestamps
	stamps  []time.Time
	grown   chan struct{} // closed and replaced when something changed
	exited  bool
	cuts    *rand.Rand // nil: no connection breaks
	opened  int
	refused error
}

func newKubelet() *kubelet { return &kubelet{grown: make(chan struct{})} }

func (k *kubelet) change(f func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f()
	close(k.grown)
	k.grown = make(chan struct{})
}

func (k *kubelet) print(at time.Time, text string) {
	k.change(func() {
		k.lines = append(k.lines, at.UTC().Format(time.RFC3339Nano)+" "+text+"\n")
		k.stamps = append(k.stamps, at)
	})
}

func (k *kubelet) exit() { k.change(func() { k.exited = true }) }

// Open gives the log from r.Since on.
func (k *kubelet) Open(ctx context.Context, r Request) (io.ReadCloser, error) {
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

// serve writes lines until the log ends or the connection is cut, mid-line more often than not.
func (k *kubelet) serve(ctx context.Context, w io.Writer, r Request) error {
	for i := 0; ; {
		k.mu.Lock()
		for i < len(k.lines) && k.stamps[i].Before(r.Since) {
			i++
		}
		var line string
		if i < len(k.lines) {
			line = k.lines[i]
		}
		have, over, grown := len(k.lines), k.exited || !r.Follow, k.grown
		cut := -1
		if k.cuts != nil && line != "" && k.cuts.IntN(40) == 0 {
			cut = k.cuts.IntN(len(line) + 1)
		}
		clean := k.cuts != nil && k.cuts.IntN(2) == 0
		k.mu.Unlock()
		switch {
		case i >= have && over:
			return io.EOF
		case i >= have:
			select {
			case <-grown:
			case <-ctx.Done():
				return ctx.Err()
			}
			continue
		case cut >= 0:
			if _, err := io.WriteString(w, line[:cut]); err != nil {
				return err
			}
			if clean && r.Follow {
				return io.EOF // as after the server's own time-out
			}
			return errCut
		}
		if _, err := io.WriteString(w, line); err != nil {
			return err
		}
		i++
	}
}

// countByText tells how often each text came.
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
