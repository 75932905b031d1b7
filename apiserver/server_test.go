// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/apiserver/web"
)

// patience is the time limit for quick operations on a busy machine.
const patience = 90 * time.Second

// blocking is a Store that does not answer until it is released.
type blocking struct {
	Store
	entered chan struct{}
	letGo   chan struct{}
}

func (b blocking) Tasks(context.Context) ([]v1alpha1.Task, error) {
	close(b.entered)
	<-b.letGo
	return nil, nil
}

// served is a facade on its own port.
type served struct {
	*server
	url   string
	stop  context.CancelFunc
	ended chan error
}

func serve(t *testing.T, store Store, o Options) served {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	f := served{&server{namespace: "default", stores: one{store}, metrics: web.NewMetrics(), logs: logs.NewReader(nil, nil, 100), timeout: time.Minute}, "http://" + listener.Addr().String(), stop, make(chan error, 1)}
	go func() { f.ended <- f.serve(ctx, listener, o) }()
	return f
}

// get returns the status and body of an answer, or an error.
func get(t *testing.T, url string) (int, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	answer, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(body), err
}

func (f served) wantEnd(t *testing.T, says string) {
	t.Helper()
	select {
	case err := <-f.ended:
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("it ended with %v, want %q", err, says)
		}
	case <-time.After(patience):
		t.Fatal("it did not end")
	}
}

func TestGracefulStop(t *testing.T) {
	store := blocking{newFakeStore(), make(chan struct{}), make(chan struct{})}
	o := DefaultOptions()
	o.ShutdownDelay, o.ShutdownTimeout = 0, patience
	f := serve(t, store, o)
	type answer struct {
		code int
		body string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		code, body, err := get(t, f.url+"/tasks")
		answers <- answer{code, body, err}
	}()
	<-store.entered
	f.stop()
	// The current request is still answered. New ones are refused as soon as the port is closed.
	for refused := false; !refused; {
		_, _, err := get(t, f.url+"/healthz")
		refused = err != nil
	}
	close(store.letGo)
	if a := <-answers; a.err != nil || a.code != http.StatusOK || strings.TrimSpace(a.body) != "[]" {
		t.Errorf("the request under way got %+v", a)
	}
	f.wantEnd(t, "")
}

func TestStopThatTakesTooLong(t *testing.T) {
	store := blocking{newFakeStore(), make(chan struct{}), make(chan struct{})}
	defer close(store.letGo)
	o := DefaultOptions()
	o.ShutdownDelay, o.ShutdownTimeout = 0, time.Millisecond
	f := serve(t, store, o)
	go func() { _, _, _ = get(t, f.url+"/tasks") }()
	<-store.entered
	f.stop()
	f.wantEnd(t, "still under way after 1ms")
}

// While it stops, the facade reports that it is not ready, but still answers, so that load balancers notice.
func TestReadiness(t *testing.T) {
	o := DefaultOptions()
	o.ShutdownDelay = patience
	f := serve(t, newFakeStore(), o)
	for _, c := range []struct {
		step func()
		want int
		says string
	}{
		{func() {}, http.StatusServiceUnavailable, "cache is not ready"},
		{func() { f.synced.Store(true) }, http.StatusOK, "ready"},
		{f.stop, http.StatusServiceUnavailable, "stopping"},
	} {
		c.step()
		deadline := time.Now().Add(patience)
		for {
			code, body, err := get(t, f.url+"/readyz")
			if err == nil && code == c.want && strings.Contains(body, c.says) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("got %d %s %v, want %d %q", code, body, err, c.want, c.says)
			}
		}
		if code, _, err := get(t, f.url+"/tasks"); err != nil || code != http.StatusOK {
			t.Errorf("GET /tasks: %d %v", code, err)
		}
		if code, _, err := get(t, f.url+"/healthz"); err != nil || code != http.StatusOK {
			t.Errorf("GET /healthz: %d %v", code, err)
		}
	}
}

// The facade does not wait for a client that never sends its headers.
func TestServerLimits(t *testing.T) {
	h := (&server{namespace: "default", stores: one{newFakeStore()}, metrics: web.NewMetrics()}).httpServer(DefaultOptions())
	for name, d := range map[string]time.Duration{
		"ReadHeaderTimeout": h.ReadHeaderTimeout, "ReadTimeout": h.ReadTimeout, "WriteTimeout": h.WriteTimeout, "IdleTimeout": h.IdleTimeout,
	} {
		if d <= 0 || d > 5*time.Minute {
			t.Errorf("%s is %s", name, d)
		}
	}
	if h.WriteTimeout <= DefaultOptions().RequestTimeout {
		t.Error("the connection would be cut before the answer that time is up")
	}
	if h.MaxHeaderBytes <= 0 || h.MaxHeaderBytes > 1<<20 {
		t.Errorf("MaxHeaderBytes is %d", h.MaxHeaderBytes)
	}
}

// A client that sends its headers too slowly loses the connection. Others are served meanwhile.
func TestCase20SlowHeaders(t *testing.T) {
	f := serve(t, newFakeStore(), DefaultOptions())
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(f.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	cut := make(chan error, 1)
	go func() {
		_, err := conn.Read(make([]byte, 1))
		cut <- err
	}()
	drip := time.NewTicker(200 * time.Millisecond)
	defer drip.Stop()
	deadline := time.After(patience)
	if _, err := io.WriteString(conn, "GET /tasks HTTP/1.1\r\nHost: x\r\nX-Slow: "); err != nil {
		t.Fatal(err)
	}
	for {
		select {
		case err := <-cut:
			if err == nil {
				t.Error("half a request is answered")
			}
			return
		case <-drip.C:
			_, _ = io.WriteString(conn, "x") // it fails when the connection is cut; the reader reports that
			if code, _, err := get(t, f.url+"/healthz"); err != nil || code != http.StatusOK {
				t.Fatalf("meanwhile: %d %v", code, err)
			}
		case <-deadline:
			t.Fatal("it is waited for for ever")
		}
	}
}

// A request that takes too long gets an answer that says so.
func TestRequestTimeout(t *testing.T) {
	o := DefaultOptions()
	o.RequestTimeout = time.Millisecond
	api := (&server{namespace: "default", stores: one{slow{newFakeStore()}}, metrics: web.NewMetrics()}).handler(o)
	wantProblem(t, call(t, api, "GET", "/tasks", ""), http.StatusServiceUnavailable, "did not answer in time")
}

// slow is a Store that does not answer until the request's time is over.
type slow struct{ Store }

func (slow) Tasks(ctx context.Context) ([]v1alpha1.Task, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}
