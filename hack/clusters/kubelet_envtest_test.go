// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package clusters

import (
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// kubelet is the log server of a node. One in eight of its answers breaks off within a line.
type kubelet struct {
	nodeName string

	mu       sync.Mutex
	faults   *rand.Rand
	programs map[types.NamespacedName]*program
	// of has the program of each execution.
	of map[types.UID]*program
}

func startKubelet(t *testing.T, c *cluster, seed uint64) *kubelet {
	t.Helper()
	k := &kubelet{nodeName: "node-of-" + c.name, faults: rand.New(rand.NewPCG(seed, 2)), programs: map[types.NamespacedName]*program{}, of: map[types.UID]*program{}}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", k.serve)
	server := httptest.NewTLSServer(routes)
	c.atLast(func() {
		server.CloseClientConnections()
		server.Close()
	})
	address, ok := server.Listener.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatalf("%s is no TCP address", server.Listener.Addr())
	}
	object := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: k.nodeName}}
	if err := c.kube.Create(t.Context(), object); apierrors.IsAlreadyExists(err) {
		if err := c.kube.Get(t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
			t.Fatal(err)
		}
	} else if err != nil {
		t.Fatal(err)
	}
	before := object.DeepCopy()
	object.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: address.IP.String()}}
	object.Status.DaemonEndpoints.KubeletEndpoint.Port = int32(address.Port)
	if err := c.kube.Status().Patch(t.Context(), object, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
	return k
}

// begin returns the program of a pod, made by new the first time.
func (k *kubelet) begin(pod *corev1.Pod, made func(*corev1.Pod) *program) *program {
	key := client.ObjectKeyFromObject(pod)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.programs[key] == nil {
		p := made(pod)
		k.programs[key], k.of[p.execution] = p, p
	}
	return k.programs[key]
}

// takeOver takes the containers of an earlier kubelet over, as one that was restarted does.
func (k *kubelet) takeOver(earlier *kubelet) {
	k.mu.Lock()
	defer k.mu.Unlock()
	maps.Copy(k.programs, earlier.programs)
	maps.Copy(k.of, earlier.of)
}

// knows reports whether the program of a pod has begun.
func (k *kubelet) knows(pod *corev1.Pod) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.programs[client.ObjectKeyFromObject(pod)] != nil
}

// neverBegan takes the beginning of a pod's program back.
func (k *kubelet) neverBegan(pod *corev1.Pod) {
	key := client.ObjectKeyFromObject(pod)
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.of, k.programs[key].execution)
	delete(k.programs, key)
}

// program returns the program of a pod. One that never began prints nothing.
func (k *kubelet) program(namespace, pod string) *program {
	k.mu.Lock()
	defer k.mu.Unlock()
	if p := k.programs[types.NamespacedName{Namespace: namespace, Name: pod}]; p != nil {
		return p
	}
	return &program{}
}

// programOf returns the program of an execution, nil if none began.
func (k *kubelet) programOf(execution types.UID) *program {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.of[execution]
}

// budget returns after how many lines an answer breaks off, or -1.
func (k *kubelet) budget() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.faults.IntN(8) > 0 {
		return -1
	}
	return k.faults.IntN(40)
}

// within returns a number from 0 on that is less than n.
func (k *kubelet) within(n int) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.faults.IntN(n)
}

func (k *kubelet) serve(w http.ResponseWriter, r *http.Request) {
	var since time.Time
	if s := r.URL.Query().Get("sinceTime"); s != "" {
		var err error
		if since, err = time.Parse(time.RFC3339, s); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	follow, budget := r.URL.Query().Get("follow") == "true", k.budget()
	p := k.program(r.PathValue("namespace"), r.PathValue("pod"))
	w.WriteHeader(http.StatusOK)
	for sent := 0; ; {
		lines, over := p.printed(time.Now())
		for ; sent < len(lines); sent++ {
			text := lines[sent].at.Format(time.RFC3339Nano) + " " + lines[sent].text + "\n"
			if lines[sent].at.Before(since) {
				continue
			}
			if budget--; budget == 0 {
				_, _ = w.Write([]byte(text[:1+k.within(len(text)-1)]))
				panic(http.ErrAbortHandler)
			}
			_, _ = w.Write([]byte(text))
		}
		if over || !follow {
			return
		}
		_ = http.NewResponseController(w).Flush()
		select {
		case <-r.Context().Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}
