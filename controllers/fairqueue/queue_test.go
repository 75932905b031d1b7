// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package fairqueue

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// inQueue runs a test with a queue on a clock of its own.
func inQueue(t *testing.T, test func(t *testing.T, q *Queue)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		q := New("", workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](time.Second, time.Minute)).(*Queue)
		defer func() {
			if !q.ShuttingDown() {
				q.ShutDown()
			}
		}()
		test(t, q)
	})
}

// mustGet takes the only waiting request.
func (q *Queue) mustGet(t *testing.T, want reconcile.Request, priority int) {
	t.Helper()
	synctest.Wait()
	if q.Len() != 1 {
		t.Fatalf("%d wait, want %s alone", q.Len(), want)
	}
	got, p, shutdown := q.GetWithPriority()
	if got != want || p != priority || shutdown {
		t.Fatalf("got %s with priority %d (shut down: %v), want %s with %d", got, p, shutdown, want, priority)
	}
}

// A flood that was there before, and that grows with each reconcile, does not hold up a quiet namespace.
func TestCase22QueueServesNamespacesInTurn(t *testing.T) {
	inQueue(t, func(t *testing.T, q *Queue) {
		for i := range 300 {
			q.Add(request(fmt.Sprintf("loud/%d", i)))
		}
		synctest.Wait()
		q.Add(request("quiet/run"))
		synctest.Wait()
		for before := 0; ; before++ {
			got, _ := q.Get()
			q.Done(got)
			if got == request("quiet/run") {
				break
			}
			if before > 1 {
				t.Fatalf("%d of the flood were served before", before)
			}
			q.Add(request(fmt.Sprintf("loud/more-%d", before)))
		}
	})
}

// Requests from before the start have low priority. Within their namespace they wait for new requests. A flood of new
// requests elsewhere does not hold them up.
func TestCase22PriorityHoldsWithinANamespace(t *testing.T) {
	inQueue(t, func(t *testing.T, q *Queue) {
		q.AddWithOpts(priorityqueue.AddOpts{Priority: ptr.To(-100)}, request("quiet/old"), request("quiet/older"))
		q.Add(request("quiet/new"))
		for i := range 9 {
			q.Add(request(fmt.Sprintf("loud/%d", i)))
		}
		var served []string
		for synctest.Wait(); q.Len() > 0; {
			got, _ := q.Get()
			q.Done(got)
			if got.Namespace == "quiet" {
				served = append(served, fmt.Sprint(12-q.Len(), ":", got.Name))
			}
		}
		if got, want := fmt.Sprint(served), fmt.Sprint([]string{"2:new", "4:old", "6:older"}); got != want && got != "[1:new 3:old 5:older]" {
			t.Errorf("served %s, want %s or each one earlier", got, want)
		}
	})
}

// A request waits only once, and one worker at a time has it. It comes back when it is due, and an event replaces a
// later time.
func TestQueueKeepsThePromisesOfAWorkQueue(t *testing.T) {
	inQueue(t, func(t *testing.T, q *Queue) {
		a := request("a/1")
		q.Add(a)
		q.Add(a)
		q.mustGet(t, a, 0)
		q.AddWithOpts(priorityqueue.AddOpts{Priority: ptr.To(7)}, a)
		synctest.Wait()
		if q.due.Len() != 0 {
			t.Fatal("a request that a worker has is given to another")
		}
		q.Done(a)
		q.mustGet(t, a, 7)
		q.Done(a)

		q.AddAfter(a, time.Hour)
		time.Sleep(time.Hour - 1) //nolint:forbidigo // on the clock of synctest
		synctest.Wait()
		if q.Len() != 0 {
			t.Fatal("served before it was due")
		}
		time.Sleep(time.Nanosecond) //nolint:forbidigo // on the clock of synctest
		q.mustGet(t, a, 0)
		q.Done(a)

		q.AddAfter(a, time.Hour)
		q.Add(a)
		q.mustGet(t, a, 0)
		q.Done(a)
		time.Sleep(2 * time.Hour) //nolint:forbidigo // on the clock of synctest
		synctest.Wait()
		if q.Len() != 0 {
			t.Fatal("a time that an event made needless is kept")
		}

		q.AddRateLimited(a)
		if q.NumRequeues(a) != 0 && q.NumRequeues(a) != 1 {
			t.Fatalf("%d retries", q.NumRequeues(a))
		}
		time.Sleep(time.Second) //nolint:forbidigo // on the clock of synctest
		q.mustGet(t, a, 0)
		q.Forget(a)
		q.Done(a)
		if q.NumRequeues(a) != 0 || len(q.order.taken)+len(q.order.wanted) != 0 {
			t.Fatalf("something is left: %d retries, %+v", q.NumRequeues(a), q.order)
		}
	})
}

// On shutdown, waiting workers are released and the remaining requests are dropped.
func TestQueueShutsDown(t *testing.T) {
	inQueue(t, func(t *testing.T, q *Queue) {
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if _, shutdown := q.Get(); !shutdown {
					t.Error("got a request")
				}
			})
		}
		synctest.Wait()
		q.ShutDownWithDrain()
		wg.Wait()
		q.Add(request("a/1"))
		if _, shutdown := q.Get(); !shutdown || !q.ShuttingDown() {
			t.Error("goes on after it was shut down")
		}
	})
}

// Many workers and many producers run in parallel. No request is lost, and none is with two workers at once.
func TestQueueInParallel(t *testing.T) {
	q := New("", nil).(*Queue)
	var mu sync.Mutex
	left, busy := map[reconcile.Request]bool{}, map[reconcile.Request]bool{}
	var adding, working sync.WaitGroup
	all := make(chan struct{})
	for i := range 200 {
		left[request(fmt.Sprintf("%d/%d", i%5, i))] = true
	}
	for r := range left {
		adding.Go(func() {
			for range 20 {
				q.AddWithOpts(priorityqueue.AddOpts{Priority: ptr.To(len(r.Name))}, r)
			}
		})
	}
	for range 8 {
		working.Go(func() {
			for {
				r, shutdown := q.Get()
				if shutdown {
					return
				}
				mu.Lock()
				if busy[r] {
					t.Errorf("%s is with two workers", r)
				}
				busy[r] = true
				mu.Unlock()
				mu.Lock()
				delete(busy, r)
				if left[r] {
					if delete(left, r); len(left) == 0 {
						close(all)
					}
				}
				mu.Unlock()
				q.Done(r)
			}
		})
	}
	<-all
	adding.Wait()
	q.ShutDown()
	working.Wait()
}
