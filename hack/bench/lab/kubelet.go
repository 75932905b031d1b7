// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// Kubelet serves the logs of all simulated nodes over HTTPS, as a kubelet does at /containerLogs. A followed log ends
// when the container has ended. A real kubelet knows that by itself. This one watches the pods.
type Kubelet struct {
	log    Log
	server *httptest.Server
	port   int
	end    context.CancelFunc

	mu   sync.Mutex
	pods map[string]*container
	cut  chan struct{}
	// served counts all requests. open counts those that are being answered.
	served, open int
}

// container is the container of a pod. Each pod has one.
type container struct {
	started, finished time.Time
	running, done     chan struct{}
}

func startKubelet(ctx context.Context, config *rest.Config, log Log) (*Kubelet, error) {
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making the kubelet's client: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	k := &Kubelet{log: log, end: cancel, pods: map[string]*container{}, cut: make(chan struct{})}
	_, watch := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: cache.NewListWatchFromClient(clientset.CoreV1().RESTClient(), "pods", "", fields.Everything()),
		ObjectType:    &corev1.Pod{},
		Transform:     statusOnly,
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc:    func(o any) { k.observe(o) },
			UpdateFunc: func(_, o any) { k.observe(o) },
			DeleteFunc: func(o any) { k.forget(o) },
		},
	})
	go watch.RunWithContext(ctx)
	routes := http.NewServeMux()
	routes.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", k.serve)
	k.server = httptest.NewUnstartedServer(routes)
	k.server.EnableHTTP2 = true
	k.server.StartTLS()
	address, ok := k.server.Listener.Addr().(*net.TCPAddr)
	if !ok {
		return nil, fmt.Errorf("%s is no TCP address", k.server.Listener.Addr())
	}
	k.port = address.Port
	return k, nil
}

// statusOnly keeps only what a kubelet needs to serve a log.
func statusOnly(o any) (any, error) {
	if pod, ok := o.(*corev1.Pod); ok {
		slim := &corev1.Pod{}
		slim.Namespace, slim.Name, slim.UID, slim.ResourceVersion = pod.Namespace, pod.Name, pod.UID, pod.ResourceVersion
		slim.Status.ContainerStatuses = pod.Status.ContainerStatuses
		return slim, nil
	}
	return o, nil
}

func newContainer() *container {
	return &container{running: make(chan struct{}), done: make(chan struct{})}
}

func (k *Kubelet) container(namespace, pod string) *container {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.pods[namespace+"/"+pod]
}

func (k *Kubelet) observe(o any) {
	pod, ok := o.(*corev1.Pod)
	if !ok {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	key := pod.Namespace + "/" + pod.Name
	c := k.pods[key]
	if c == nil {
		c = newContainer()
		k.pods[key] = c
	}
	for i := range pod.Status.ContainerStatuses {
		switch state := pod.Status.ContainerStatuses[i].State; {
		case state.Running != nil:
			c.starts(state.Running.StartedAt.Time)
		case state.Terminated != nil:
			c.starts(state.Terminated.StartedAt.Time)
			if !closed(c.done) {
				c.finished = state.Terminated.FinishedAt.Time
				close(c.done)
			}
		}
	}
}

func (c *container) starts(at time.Time) {
	if !closed(c.running) {
		c.started = at
		close(c.running)
	}
}

func (k *Kubelet) forget(o any) {
	key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(o)
	if err != nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if c := k.pods[key]; c != nil && !closed(c.done) {
		close(c.done)
	}
	delete(k.pods, key)
}

func closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// serve answers one request for a log. It assumes `timestamps`, which the controller always requests.
func (k *Kubelet) serve(w http.ResponseWriter, r *http.Request) {
	c := k.container(r.PathValue("namespace"), r.PathValue("pod"))
	if c == nil || !closed(c.running) {
		http.Error(w, "the container has not started", http.StatusBadRequest)
		return
	}
	cut := k.begin()
	defer k.done()
	query := r.URL.Query()
	since, err := time.Parse(time.RFC3339, query.Get("sinceTime"))
	if err != nil && query.Has("sinceTime") {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	err = k.print(r.Context(), w, c, since, query.Get("follow") == "true", cut)
	if errors.Is(err, errCut) {
		panic(http.ErrAbortHandler) // closes the connection in the middle of the response
	}
}

var errCut = errors.New("the connection was cut")

func (k *Kubelet) begin() (cut <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.served++
	k.open++
	return k.cut
}

func (k *Kubelet) done() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.open--
}

// Requests returns how many requests were served so far and how many are open.
func (k *Kubelet) Requests() (served, open int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.served, k.open
}

// CutAll cuts off all open responses.
func (k *Kubelet) CutAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	close(k.cut)
	k.cut = make(chan struct{})
}

func (k *Kubelet) stop() {
	k.end()
	k.CutAll()
	k.server.CloseClientConnections()
	k.server.Close()
}
