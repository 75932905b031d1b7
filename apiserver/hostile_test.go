// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/limit"
	"github.com/taskexec/taskexec/apiserver/web"
)

// hostileConnections is a number that once sufficed to hold all places for half a minute.
const hostileConnections = 430

// guarded serves a facade on a port. Its gate allows ann everything and mallory nothing.
func guarded(t testing.TB, change ...func(*Options)) (address string) {
	t.Helper()
	address, _ = guardedHandler(t, change...)
	return address
}

// guardedHandler is like guarded, and also returns the handler for calls without a connection.
func guardedHandler(t testing.TB, change ...func(*Options)) (address string, api http.Handler) {
	t.Helper()
	store := newFakeStore(fixture.Task("sync")).add(fixture.Execution("a", "sync", v1alpha1.PhaseRunning))
	o := DefaultOptions()
	for _, c := range change {
		c(&o)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := gated(store, newFakeGate(map[string][]string{"ann": {"everything"}, "bob": {"everything"}, "mallory": {"nothing"}})).httpServer(o)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = h.Serve(listener) // it returns at Close
	}()
	t.Cleanup(func() {
		_ = h.Close() // no request matters any more
		<-served
	})
	return listener.Addr().String(), h.Handler
}

// slowSender is a connection with a request whose body does not end.
type slowSender struct {
	net.Conn
	// answered receives the status of the answer, or zero if the connection ended without one.
	answered chan int
}

// slowly sends the headers of a request and the first byte of its body.
func slowly(t testing.TB, address, user, method, path string) slowSender {
	t.Helper()
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	_, err = fmt.Fprintf(connection, "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{", method, path, user)
	if err != nil {
		t.Fatal(err)
	}
	s := slowSender{connection, make(chan int, 1)}
	go func() {
		response, err := http.ReadResponse(bufio.NewReader(connection), nil)
		if err != nil {
			s.answered <- 0
			return
		}
		_ = response.Body.Close() // only the status matters
		s.answered <- response.StatusCode
	}()
	return s
}

// asks sends a request to an address and returns the status of the answer.
func asks(t testing.TB, client *http.Client, address, user, method, path, body string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+user)
	r.Header.Set("Content-Type", "application/json")
	w, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Body.Close() }() // it was read to its end
	if _, err := io.Copy(io.Discard, w.Body); err != nil {
		t.Fatal(err)
	}
	return w.StatusCode
}

// callWith sends a GET of a user with a context.
func callWith(ctx context.Context, api http.Handler, path, user string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	r.Header.Set("Authorization", "Bearer "+user)
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	return w
}

// servedAll checks that each kind of route answers a caller with all rights.
func servedAll(t *testing.T, address, user string) {
	t.Helper()
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/tasks", ""},
		{"GET", "/tasks/sync", ""},
		{"GET", "/tasks/running/execution/a", ""},
		{"POST", "/tasks/sync/execute/api", `{"params":{}}`},
		{"DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":["nothing"]}`},
	} {
		if status := asks(t, http.DefaultClient, address, user, c.method, c.path, c.body); status != http.StatusOK {
			t.Errorf("%s %s of %s is answered with %d", c.method, c.path, user, status)
		}
	}
}

// counted returns a function that counts the answers so far by status.
func counted(connections []slowSender) func() map[int]int {
	var mu sync.Mutex
	counts := map[int]int{}
	for _, c := range connections {
		go func() {
			status := <-c.answered
			mu.Lock()
			defer mu.Unlock()
			counts[status]++
		}()
	}
	return func() map[int]int {
		mu.Lock()
		defer mu.Unlock()
		copied := map[int]int{}
		for status, n := range counts {
			copied[status] = n
		}
		return copied
	}
}

// A caller without rights takes no places from callers with rights, however many connections it opens. If the path
// names the object, the facade does not wait for the body. If the body names it, the caller gets its share of a few
// places.
func TestCase45SlowBodiesWithoutRights(t *testing.T) {
	for name, c := range map[string]struct {
		method, path string
		hang         int
	}{
		"the path says what":     {"POST", "/tasks/sync/execute/api", 0},
		"the body says what":     {"DELETE", "/tasks/executions/cancel/by-ids", limit.Share(DefaultOptions().MaxInFlight / access.UnsureOf)},
		"the body, by task":      {"DELETE", "/tasks/executions/cancel/by-task-names", limit.Share(DefaultOptions().MaxInFlight / access.UnsureOf)},
		"there is no such route": {"POST", "/no/such/path", 0},
	} {
		t.Run(name, func(t *testing.T) {
			address := guarded(t, func(o *Options) { o.MaxWrites = 0 })
			var connections []slowSender
			for range hostileConnections {
				connections = append(connections, slowly(t, address, "mallory", c.method, c.path))
			}
			counts := counted(connections)
			answered := func() (n int) {
				for _, of := range counts() {
					n += of
				}
				return n
			}
			until(t, "all are answered but those that have a place", func() bool { return answered() >= hostileConnections-c.hang })
			servedAll(t, address, "ann")
			until(t, "the others are cut off", func() bool { return answered() == hostileConnections })
			got := counts()
			if got[http.StatusOK] > 0 || got[0] > 0 || c.hang > 0 && (got[http.StatusRequestTimeout] == 0 || got[http.StatusTooManyRequests] == 0) {
				t.Errorf("answers: %v", got)
			}
		})
	}
}

// A caller with all rights that sends slowly gets its share, and others are still served.
func TestCase45SlowBodiesWithRights(t *testing.T) {
	address := guarded(t, func(o *Options) { o.MaxWrites = 0 })
	var connections []slowSender
	for range hostileConnections {
		connections = append(connections, slowly(t, address, "bob", "POST", "/tasks/sync/execute/api"))
	}
	counts, share := counted(connections), limit.Share(DefaultOptions().MaxInFlight)
	until(t, "those beyond its share are refused", func() bool { return counts()[http.StatusTooManyRequests] >= hostileConnections-2*share })
	servedAll(t, address, "ann")
	until(t, "the others are cut off", func() bool {
		got := counts()
		return got[http.StatusTooManyRequests]+got[http.StatusRequestTimeout] == hostileConnections && got[http.StatusRequestTimeout] >= share
	})
}

// A request that waits for news holds no place.
func TestCase45WaitingHoldsNoPlace(t *testing.T) {
	f := newWatchedFacade(t)
	f.put("a", "sync", v1alpha1.PhaseRunning)
	o := DefaultOptions()
	o.MaxInFlight = 1
	api := f.handler(o)
	done := make(chan struct{})
	go func() {
		defer close(done)
		call(t, api, "GET", "/tasks/executions/a?wait=30s", "")
	}()
	f.waits(t)
	until(t, "its place is free", func() bool { return call(t, api, "GET", "/tasks/sync", "").Code == http.StatusOK })
	f.put("a", "sync", v1alpha1.PhaseCompleted)
	<-done
	f.idle(t)
}

// One caller gets only its share of the places for waiting, watching and reading logs.
func TestCase45OneCallerHasAShareOfWhatLasts(t *testing.T) {
	store := newWatchedStore()
	store.put("a", "sync", v1alpha1.PhaseRunning)
	for name, path := range map[string]string{"waits": "/tasks/executions/a?wait=30s", "watches": "/tasks/watch"} {
		t.Run(name, func(t *testing.T) {
			s := gated(store, newFakeGate(map[string][]string{"ann": {"everything"}, "mallory": {"everything"}}))
			s.logs.Watchers, s.logs.Watching = make(chan struct{}, 8), limit.NewPlaces(8)
			api := s.handler(DefaultOptions())
			ctx, leave := context.WithCancel(t.Context())
			var group sync.WaitGroup
			for range 2 {
				group.Go(func() { callWith(ctx, api, path, "mallory") })
			}
			until(t, "two wait", func() bool { return len(s.logs.Watchers) == 2 })
			if w := callWith(t.Context(), api, path, "mallory"); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
				t.Errorf("beyond its share: %d", w.Code)
			}
			group.Go(func() { callWith(ctx, api, path, "ann") })
			until(t, "another waits, too", func() bool { return len(s.logs.Watchers) == 3 })
			leave()
			group.Wait()
			if len(s.logs.Watchers) != 0 {
				t.Errorf("%d places were not given back", len(s.logs.Watchers))
			}
		})
	}
	t.Run("reads logs", func(t *testing.T) {
		places, shares := make(chan struct{}, 8), limit.NewPlaces(8)
		var leave []func()
		for range 2 {
			back, err := web.LastingPlace(places, shares, "mallory", "share", "full")
			if err != nil {
				t.Fatal(err)
			}
			leave = append(leave, back)
		}
		if _, err := web.LastingPlace(places, shares, "mallory", "share", "full"); err == nil || web.ProblemOf(err).Status != http.StatusTooManyRequests {
			t.Errorf("beyond its share: %v", err)
		}
		if _, err := web.LastingPlace(places, shares, "ann", "share", "full"); err != nil {
			t.Errorf("another: %v", err)
		}
		leave[0]()
		if _, err := web.LastingPlace(places, shares, "mallory", "share", "full"); err != nil {
			t.Errorf("when one was given back: %v", err)
		}
	})
}

// Guesses from an address do not shut out other callers there, neither known nor new ones.
func TestCase45GuessesDoNotShutOutOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // on a fake clock
		g := newFakeGate(map[string][]string{"ann": {"everything"}, "bob": {"everything"}})
		api := facadeFor(newFakeStore(fixture.Task("sync")), g, func(o *Options) { o.MaxFailures = 1 })
		refused := 0
		for i := range 20 {
			if callWith(t.Context(), api, "/tasks", fmt.Sprintf("guess%d", i)).Code == http.StatusTooManyRequests {
				refused++
			}
		}
		if refused != 10 {
			t.Errorf("%d of 20 guesses were told to come later, want 10", refused)
		}
		if w := callWith(t.Context(), api, "/tasks", "bob"); w.Code != http.StatusOK {
			t.Errorf("who comes for the first time is answered with %d %s", w.Code, w.Body)
		}
		// A flood has more guesses than the facade may check at once. They are checked at the rate of the limit.
		begun, before := time.Now(), g.reviews()
		var group sync.WaitGroup
		for i := range 100 {
			group.Go(func() { callWith(t.Context(), api, "/tasks", fmt.Sprintf("flood%d", i)) })
		}
		synctest.Wait()
		if w := callWith(t.Context(), api, "/tasks", "bob"); w.Code != http.StatusOK || time.Since(begun) > 0 {
			t.Errorf("who was known is answered with %d after %s", w.Code, time.Since(begun))
		}
		group.Wait()
		if asked := g.reviews() - before; asked > 2*access.ReviewsAtOnce {
			t.Errorf("in %s, %d were asked about", time.Since(begun), asked)
		}
		time.Sleep(time.Minute) //nolint:forbidigo // the clock is the test's own: all turns are over
		if w := callWith(t.Context(), api, "/tasks", "ann"); w.Code != http.StatusOK {
			t.Errorf("after the flood a first-comer is answered with %d", w.Code)
		}
	})
}

// While one address floods the facade with guesses, a new caller there is served at once, because the cluster signed
// its token.
func TestCase50FloodOfGuessesAndANewcomer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // on a fake clock
		g := newFakeGate(map[string][]string{"ann": {"everything"}, "bob": {"everything"}})
		g.signed = map[string]bool{"ann": true}
		api := facadeFor(newFakeStore(fixture.Task("sync")), g, func(o *Options) { o.MaxFailures = 1 })
		var group sync.WaitGroup
		for i := range 500 {
			group.Go(func() { callWith(t.Context(), api, "/tasks", fmt.Sprintf("flood%d", i)) })
		}
		synctest.Wait()
		begun := time.Now()
		if w := callWith(t.Context(), api, "/tasks", "ann"); w.Code != http.StatusOK || time.Since(begun) > 0 {
			t.Errorf("a newcomer is answered with %d after %s", w.Code, time.Since(begun))
		}
		group.Wait()
		time.Sleep(time.Minute) //nolint:forbidigo // the clock is the test's own: all turns are over
	})
}

// The time limit of a body grows with the bytes received, so a client cannot hold on with a byte now and then.
func TestCase45TimeOfABody(t *testing.T) {
	for bytes, want := range map[int]time.Duration{0: web.BodyPatience, 1: web.BodyPatience, web.BodyRate: web.BodyPatience + time.Second, 1 << 20: web.BodyLimit, 1 << 40: web.BodyLimit} {
		if got := web.BodyTime(bytes).Round(time.Millisecond); got != want {
			t.Errorf("after %d bytes a body has %s, want %s", bytes, got, want)
		}
	}
	address := guarded(t)
	connection := slowly(t, address, "ann", "POST", "/tasks/sync/execute/api")
	drip, stop := time.NewTicker(50*time.Millisecond), make(chan struct{})
	defer drip.Stop()
	defer close(stop)
	go func() {
		for {
			select {
			case <-drip.C:
			case <-stop:
				return
			}
			if _, err := connection.Write([]byte(" ")); err != nil {
				return
			}
		}
	}()
	select {
	case status := <-connection.answered:
		if status != http.StatusRequestTimeout {
			t.Errorf("a body that drips is answered with %d", status)
		}
	case <-time.After(patience):
		t.Error("a body that drips is waited for")
	}
	large := `{"params":{},"reason":"` + strings.Repeat("x", 900<<10) + `"}`
	if status := asks(t, http.DefaultClient, address, "ann", "POST", "/tasks/sync/execute/api", large); status != http.StatusBadRequest {
		t.Errorf("a large body is answered with %d", status)
	}
	if status := asks(t, http.DefaultClient, address, "ann", "POST", "/tasks/sync/execute/api", large+large); status != http.StatusRequestEntityTooLarge {
		t.Errorf("one that is too large is answered with %d", status)
	}
}
