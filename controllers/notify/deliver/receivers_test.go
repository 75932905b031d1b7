// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package deliver_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/taskexec/taskexec/controllers/notify/deliver"
	"github.com/taskexec/taskexec/controllers/notify/dial"
	"github.com/taskexec/taskexec/controllers/notify/message"
	"github.com/taskexec/taskexec/controllers/notify/post"
	"github.com/taskexec/taskexec/controllers/notify/rules"
	"github.com/taskexec/taskexec/controllers/notify/send"
)

const runs = 1000

// courier makes messages and posts them to real receivers.
type courier struct {
	poster    *post.Poster
	addresses map[string]string
}

// Send implements deliver.Sender.
func (c courier) Send(ctx context.Context, target types.NamespacedName, batch []deliver.Delivery) send.Verdict {
	d := batch[0]
	facts := message.Facts{Event: d.Due.Event, At: d.Due.At, Namespace: d.Subject.Namespace, Task: "report", Execution: d.Subject.Name, More: len(batch) - 1}
	to := send.Target{Type: send.Webhook, URL: c.addresses[target.Name], Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
	return c.poster.Send(ctx, to, message.Of(d.ID, facts, message.Options{}))
}

// A thousand runs fail at once. One target is dead and one hangs; the third gets each event once.
func TestThousandFailuresWithADeadAndAHangingTarget(t *testing.T) {
	var mu sync.Mutex
	got := map[string]int{}
	healthy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got[r.Header.Get("webhook-id")]++
	}))
	defer healthy.Close()
	release := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer hanging.Close()
	defer close(release)
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()

	ctx, cancel := context.WithCancel(t.Context())
	settled := make(chan deliver.Result, runs)
	d := deliver.New(ctx, clock.RealClock{}, courier{
		post.New(&dial.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, clock.RealClock{}, nil),
		map[string]string{"healthy": healthy.URL, "hanging": hanging.URL, "dead": dead.URL},
	}, func(target types.NamespacedName, results []deliver.Result) {
		for _, r := range results {
			if target.Name != "healthy" {
				t.Errorf("%s: %+v", target.Name, r)
			}
			settled <- r
		}
	})
	due := rules.Due{Event: rules.Failed, At: time.Now()}
	for i := range runs {
		for _, name := range []string{"dead", "hanging", "healthy"} {
			target := types.NamespacedName{Namespace: "shop", Name: name}
			uid := types.UID(fmt.Sprint(i))
			one := deliver.Delivery{ID: message.ID(string(uid), rules.Failed, name), UID: uid, Due: due, Deadline: due.At.Add(time.Hour)}
			one.Subject = types.NamespacedName{Namespace: "shop", Name: "report-" + string(uid)}
			if !d.Offer(target, deliver.Limits{PerMinute: 1e9}, one) {
				t.Fatalf("%s did not take %d", name, i)
			}
		}
	}
	for range runs {
		if r := <-settled; r.State != deliver.Delivered || r.Tries != 1 {
			t.Errorf("got %+v", r)
		}
	}
	for _, name := range []string{"dead", "hanging"} {
		if n := d.Queued(types.NamespacedName{Namespace: "shop", Name: name}); n != runs {
			t.Errorf("%s has %d under way, want all", name, n)
		}
	}
	cancel()
	d.Wait()
	for i := range runs {
		if n := got[message.ID(fmt.Sprint(i), rules.Failed, "healthy")]; n != 1 {
			t.Errorf("run %d arrived %d times", i, n)
		}
	}
}
