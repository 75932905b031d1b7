// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/apiserver/runindex"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// watchedStore is a Store that reports each change to its history, as the real one does.
type watchedStore struct {
	*fakeStore
	index   *runindex.Index
	version int
}

func newWatchedStore() *watchedStore {
	return &watchedStore{newFakeStore(fixture.Task("sync")), runindex.NewIndex(), 100}
}

func (s *watchedStore) History(context.Context) (runindex.Namespace, error) {
	return s.index.In("default"), nil
}

// put creates an execution or changes its phase.
func (s *watchedStore) put(name, task string, phase v1alpha1.Phase) {
	s.mu.Lock()
	s.version++
	e := fixture.Execution(name, task, phase)
	e.Namespace, e.ResourceVersion, e.UID = "default", fmt.Sprint(s.version), "u"
	s.executions[name] = e
	s.mu.Unlock()
	s.index.Put(cached(e), false)
}

func (s *watchedStore) remove(name string) {
	s.mu.Lock()
	s.version++
	e := s.executions[name].DeepCopy()
	e.ResourceVersion = fmt.Sprint(s.version)
	delete(s.executions, name)
	s.mu.Unlock()
	s.index.Remove(e, true)
}

// watchedFacade is a facade on a port, with the server and store behind it.
type watchedFacade struct {
	*watchedStore
	*server
	url string
}

func newWatchedFacade(t *testing.T) watchedFacade {
	t.Helper()
	store := newWatchedStore()
	s := &server{namespace: "default", stores: one{store}, metrics: web.NewMetrics(), logs: logs.NewReader(nil, nil, 100), timeout: time.Minute}
	h := httptest.NewServer(s.handler(DefaultOptions()))
	t.Cleanup(h.Close)
	return watchedFacade{store, s, h.URL}
}

// idle waits until no request waits or watches.
func (f watchedFacade) idle(t *testing.T) {
	t.Helper()
	until(t, "nobody watches", func() bool { return len(f.logs.Watchers) == 0 })
}

// next reads an event and returns it as "name id executionId".
func (r *reader) next(t *testing.T) string {
	t.Helper()
	name, data, err := r.event(t)
	if err != nil {
		return err.Error()
	}
	var e struct{ ExecutionID, Status, Phase string }
	if err := json.Unmarshal([]byte(data), &e); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return strings.TrimSpace(strings.Join([]string{name, r.id, e.ExecutionID, e.Phase, e.Status}, " "))
}

func (r *reader) want(t *testing.T, events ...string) {
	t.Helper()
	for _, want := range events {
		if got := r.next(t); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

func TestWatchExecutions(t *testing.T) {
	f := newWatchedFacade(t)
	f.put("old", "sync", v1alpha1.PhaseCompleted)
	all, sync := follow(t, f.url+"/tasks/watch"), follow(t, f.url+"/tasks/watch?taskName=sync")
	all.want(t, "ready 101")
	sync.want(t, "ready 101")
	f.put("a", "sync", v1alpha1.PhasePending)
	all.want(t, "execution 102 a Pending running")
	f.put("b", "clean", v1alpha1.PhaseRunning)
	all.want(t, "execution 103 b Running running")
	f.remove("a")
	all.want(t, "deleted 104 a")
	if _, _, err := sync.event(t); err != nil { // a may be gone before its watcher has seen it
		t.Error(err)
	}
	all.leave()
	sync.leave()
	f.idle(t)

	// The client reconnects and gets what it missed, each execution in its current state.
	f.put("b", "clean", v1alpha1.PhaseFailed)
	again := follow(t, f.url+"/tasks/watch", "Last-Event-ID", "102")
	again.want(t, "deleted 104 a", "execution 105 b Failed failed")
	byQuery := follow(t, f.url+"/tasks/watch?lastEventId=104")
	byQuery.want(t, "execution 105 b Failed failed")
	for _, unknown := range []string{"100", "7", "106"} {
		follow(t, f.url+"/tasks/watch", "Last-Event-ID", unknown).want(t, "reset 105")
	}
}

// Watchers are told of an interruption of the facade's own watch.
func TestWatchExecutionsAfterAnInterruption(t *testing.T) {
	f := newWatchedFacade(t)
	f.put("a", "sync", v1alpha1.PhaseRunning)
	f.put("b", "sync", v1alpha1.PhaseRunning)
	r := follow(t, f.url+"/tasks/watch")
	r.want(t, "ready 102")
	f.index.Remove(f.executions["a"], false)
	r.want(t, "reset 102")
	f.put("b", "sync", v1alpha1.PhaseCompleted)
	r.want(t, "execution 103 b Completed completed")
}

func TestWatchExecution(t *testing.T) {
	f := newWatchedFacade(t)
	f.put("a", "sync", v1alpha1.PhasePending)
	f.put("b", "sync", v1alpha1.PhaseRunning)
	url := f.url + "/tasks/executions/a/watch"
	r := follow(t, url)
	r.want(t, "execution 101 a Pending running")
	f.put("b", "sync", v1alpha1.PhaseCompleted) // another execution
	f.put("a", "sync", v1alpha1.PhaseRunning)
	r.want(t, "execution 104 a Running running")
	known := follow(t, url, "Last-Event-ID", "104")
	f.put("a", "sync", v1alpha1.PhaseCompleted)
	r.want(t, "execution 105 a Completed completed", "end 105.end   completed", io.EOF.Error())
	known.want(t, "execution 105 a Completed completed", "end 105.end   completed", io.EOF.Error())

	// When the run has ended, there is nothing to wait for.
	follow(t, url).want(t, "execution 105 a Completed completed", "end 105.end   completed", io.EOF.Error())
	follow(t, url, "Last-Event-ID", "105").want(t, "end 105.end   completed", io.EOF.Error())
	if w := call(t, f.handler(DefaultOptions()), "GET", "/tasks/executions/a/watch", "", "Last-Event-ID", "105.end"); w.Code != http.StatusNoContent {
		t.Errorf("one that knows the end is told %d", w.Code)
	}
	wantProblem(t, call(t, f.handler(DefaultOptions()), "GET", "/tasks/executions/nothing/watch", ""), http.StatusNotFound, "no execution")
	f.idle(t)
}

func TestWatchExecutionThatIsDeleted(t *testing.T) {
	f := newWatchedFacade(t)
	f.put("a", "sync", v1alpha1.PhaseRunning)
	r := follow(t, f.url+"/tasks/executions/a/watch?logs=true")
	r.want(t, "execution 101 a Running running")
	f.remove("a")
	r.want(t, "deleted 101.end a", io.EOF.Error())
}

func TestWatchersAreToldThatTheFacadeStops(t *testing.T) {
	f := newWatchedFacade(t)
	f.put("a", "sync", v1alpha1.PhaseRunning)
	all, single := follow(t, f.url+"/tasks/watch"), follow(t, f.url+"/tasks/executions/a/watch")
	all.want(t, "ready 101")
	single.want(t, "execution 101 a Running running")
	waits := make(chan wire.Execution, 1)
	go func() {
		waits <- ok[wire.Execution](t, f.handler(DefaultOptions()), "GET", "/tasks/running/execution/a?wait=1m", "")
	}()
	until(t, "three watch", func() bool { return len(f.logs.Watchers) == 3 })
	close(f.logs.Stopping)
	all.want(t, io.EOF.Error())
	single.want(t, io.EOF.Error())
	if e := <-waits; e.Status != "running" {
		t.Errorf("who waits is told %+v", e)
	}
	f.idle(t)
}

func TestWatchHeartbeat(t *testing.T) {
	f := newWatchedFacade(t)
	f.logs.Heartbeat = time.Millisecond
	f.put("a", "sync", v1alpha1.PhaseRunning)
	r := follow(t, f.url+"/tasks/watch")
	r.want(t, "ready 101")
	if name, _, err := r.event(t); name != "comment" || err != nil {
		t.Errorf("got %s %v", name, err)
	}
}

// slowClient accepts no writes until it is released. It can then fail.
type slowClient struct {
	*httptest.ResponseRecorder
	entered, letGo chan struct{}
	fails          error
}

func (c *slowClient) Write(p []byte) (int, error) {
	select {
	case c.entered <- struct{}{}:
	default:
	}
	<-c.letGo
	if c.fails != nil {
		return 0, c.fails
	}
	return c.ResponseRecorder.Write(p)
}

// A slow client gets each execution once, in its latest state.
func TestSlowWatcher(t *testing.T) {
	f := newWatchedFacade(t)
	f.put("a", "sync", v1alpha1.PhasePending)
	ctx, leave := context.WithCancel(t.Context())
	client := &slowClient{ResponseRecorder: httptest.NewRecorder(), entered: make(chan struct{}, 1), letGo: make(chan struct{})}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.handler(DefaultOptions()).ServeHTTP(client, httptest.NewRequestWithContext(ctx, "GET", "/tasks/watch", nil))
	}()
	<-client.entered
	for range 5000 {
		f.put("a", "sync", v1alpha1.PhaseRunning)
	}
	f.put("last", "sync", v1alpha1.PhaseRunning)
	watch := f.index.In("default").Watch("", "after")
	defer watch.Stop()
	close(client.letGo)
	f.put("after", "sync", v1alpha1.PhaseRunning)
	until(t, "it caught up", func() bool {
		f.put("after", "sync", v1alpha1.PhaseRunning) // it wakes the watcher
		<-watch.C
		return len(f.logs.Watchers) == 1 && len(client.entered) == 1
	})
	leave()
	<-ended
	got := client.Body.String()
	if n := strings.Count(got, `"executionId":"a"`); n != 1 || !strings.Contains(got, "event: ready\ndata: {}") {
		t.Errorf("a came %d times in %.500s", n, got)
	}
}

// A client that cannot be written to holds no place.
func TestBrokenWatcher(t *testing.T) {
	f := newWatchedFacade(t)
	f.put("a", "sync", v1alpha1.PhasePending)
	for _, path := range []string{"/tasks/watch", "/tasks/executions/a/watch"} {
		client := &slowClient{httptest.NewRecorder(), make(chan struct{}, 1), make(chan struct{}), errors.New("broken pipe")}
		close(client.letGo)
		f.handler(DefaultOptions()).ServeHTTP(client, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
		f.idle(t)
	}
}

func TestTooManyWatchers(t *testing.T) {
	f := newWatchedFacade(t)
	f.put("a", "sync", v1alpha1.PhasePending)
	for range cap(f.logs.Watchers) {
		f.logs.Watchers <- struct{}{}
	}
	for _, path := range []string{"/tasks/watch", "/tasks/executions/a/watch", "/tasks/executions/a?wait=1s"} {
		w := call(t, f.handler(DefaultOptions()), "GET", path, "")
		wantProblem(t, w, http.StatusServiceUnavailable, "too many clients are waiting")
		if w.Header().Get("Retry-After") == "" {
			t.Error("it is not said when to try again")
		}
	}
}
