// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// kubelet is a node's log server: the API server requests container logs from it as from a real one. It serves scripted
// lines with faults: refused requests, and connections that end within a line, cleanly or not, or hang.
type kubelet struct {
	node   string
	random *rand.Rand

	mu       sync.Mutex
	lines    []string // with timestamps
	stamps   []time.Time
	grown    chan struct{} // closed and replaced when something changed
	exited   bool
	requests int
	faults   map[string]int
	// inARow counts the faults since the last good answer.
	inARow int
	// steady turns the faults off.
	steady bool
	// rotated is the index of the first line of the current file. Earlier lines are never served.
	rotated int
}

// maxInARow bounds the faults in a row. The pauses between requests grow with each, so that more of them take longer than
// the patience with a log, which is a test of its own.
const maxInARow = 4

// newKubelet starts a kubelet and creates its Node.
func newKubelet(t *testing.T, seed uint64) *kubelet {
	t.Helper()
	k := &kubelet{
		node: fmt.Sprintf("node-%d", seed), random: rand.New(rand.NewPCG(seed, 4)),
		grown: make(chan struct{}), faults: map[string]int{},
	}
	server := httptest.NewTLSServer(k)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	host, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.ParseInt(port, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: k.node}}
	create(t, node)
	t.Cleanup(func() {
		if err := kube.Delete(context.WithoutCancel(t.Context()), node); err != nil {
			t.Errorf("removing node %s: %v", node.Name, err)
		}
	})
	patchStatus(t, node, func() {
		node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: host}}
		node.Status.DaemonEndpoints.KubeletEndpoint.Port = int32(number)
	})
	return k
}

func (k *kubelet) change(f func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f()
	close(k.grown)
	k.grown = make(chan struct{})
}

// draw returns a random number below n.
func (k *kubelet) draw(n int) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.random.IntN(n)
}

func (k *kubelet) print(text string) { k.printAbout(time.Now(), text) }

// printAbout prints a line with the given timestamp, or one slightly before it.
func (k *kubelet) printAbout(at time.Time, text string) {
	at = at.UTC()
	// Lines that a program prints on stdout and stderr at once may be stamped out of order.
	if k.draw(10) == 0 {
		at = at.Add(-time.Duration(k.draw(500)) * time.Microsecond)
	}
	k.printAt(at, text)
}

func (k *kubelet) printAt(at time.Time, text string) {
	k.change(func() {
		k.lines = append(k.lines, at.Format(time.RFC3339Nano)+" "+text+"\n")
		k.stamps = append(k.stamps, at)
	})
}

// rotate begins a new log file. A client that follows gets both files.
func (k *kubelet) rotate() { k.change(func() { k.rotated = len(k.lines) }) }

func (k *kubelet) exit() { k.change(func() { k.exited = true }) }

func (k *kubelet) fault() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.requests++
	fault := "none"
	if kinds := []string{"refused", "cut", "cut", "cut", "ended", "ended", "hangs"}; !k.steady && k.inARow < maxInARow && k.random.IntN(2) > 0 {
		fault = kinds[k.random.IntN(len(kinds))]
		k.inARow++
	} else {
		k.inARow = 0
	}
	k.faults[fault]++
	return fault
}

// ServeHTTP answers GET /containerLogs/{namespace}/{pod}/{container}.
func (k *kubelet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if !strings.HasPrefix(r.URL.Path, "/containerLogs/") || query.Get("timestamps") != "true" {
		http.Error(w, "not scripted: "+r.URL.String(), http.StatusNotFound)
		return
	}
	var since time.Time
	if s := query.Get("sinceTime"); s != "" {
		var err error
		if since, err = time.Parse(time.RFC3339, s); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	fault := k.fault()
	if fault == "refused" {
		http.Error(w, "the runtime is busy", http.StatusInternalServerError)
		return
	}
	k.serve(w, r, since, query.Get("follow") == "true", fault)
}

func (k *kubelet) serve(w http.ResponseWriter, r *http.Request, since time.Time, follow bool, fault string) {
	w.WriteHeader(http.StatusOK)
	budget := 1 + k.draw(200) // lines until the fault
	k.mu.Lock()
	i := k.rotated
	k.mu.Unlock()
	for {
		k.mu.Lock()
		for i < len(k.lines) && k.stamps[i].Before(since) {
			i++
		}
		line := ""
		if i < len(k.lines) {
			line = k.lines[i]
		}
		over, grown := k.exited || !follow, k.grown
		k.mu.Unlock()
		switch {
		case line == "" && over:
			return
		case line == "":
			_ = http.NewResponseController(w).Flush()
			select {
			case <-grown:
			case <-r.Context().Done():
				return
			}
			continue
		}
		if budget--; budget == 0 && fault != "none" {
			cut := len(line) / 2
			_, _ = w.Write([]byte(line[:cut]))
			_ = http.NewResponseController(w).Flush()
			switch {
			case fault == "hangs" && follow:
				<-r.Context().Done()
			case fault == "ended" && follow:
				return
			}
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write([]byte(line))
		i++
	}
}
