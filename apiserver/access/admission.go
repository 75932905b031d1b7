// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/taskexec/taskexec/apiserver/limit"
	"github.com/taskexec/taskexec/apiserver/web"
)

// inFlightRetry is the Retry-After in seconds when too many requests are being served.
const inFlightRetry = 1

const (
	// UnsureOf is a divisor. 1/UnsureOf of the places are for requests whose body decides whether they are allowed.
	UnsureOf = 4
	// QuestionsAtOnce is the number of one caller's requests whose rights are checked concurrently. Its other requests
	// wait, because nearly all answers come from memory.
	QuestionsAtOnce = 16
	// questionPatience is how long a request waits for its rights to be checked.
	questionPatience = 5 * time.Second
)

// Admission admits requests in steps. Requests in a phase that only their caller can end (sending a body, waiting for
// changes, reading a stream) hold no place of requests that are being served:
//
//	authenticate  who sent it?                         some at once for each address
//	questions     may the caller do it?                some at once for each caller
//	bodies        its body is read, bounded in time    as many places as there are for what follows
//	places        it is served                         --max-requests-in-flight
//	unsure        stands for bodies and places where   a quarter as many
//	              only the body can tell (narrow)
//
// One caller holds at most a quarter of the places. Callers without the right never take places from callers who have
// it, however many connections and names they use.
type Admission struct {
	questions              *limit.Semaphores
	Bodies, Places, Unsure *limit.Places
}

// NewAdmission returns an Admission with the given number of places.
func NewAdmission(most int) *Admission {
	return &Admission{
		questions: limit.NewSemaphores(QuestionsAtOnce),
		Bodies:    limit.NewPlaces(most), Places: limit.NewPlaces(most), Unsure: limit.NewPlaces(most / UnsureOf),
	}
}

// take takes a place for a caller. The error is the answer to the request.
func (g *Guard) take(places *limit.Places, who *Caller) (back func(), err error) {
	back, err = places.Take(who.Name())
	if err == nil {
		return back, nil
	}
	most, share := places.Most()
	p := web.Problemf(http.StatusTooManyRequests, "too many requests at once: %d are being served (--max-requests-in-flight)", most)
	if errors.Is(err, limit.ErrShare) {
		g.Metrics.Limit("share")
		p = web.Problemf(http.StatusTooManyRequests, "too many requests at once: %d requests of %q are being served, the most for one caller", share, who.Name())
	} else {
		g.Metrics.Limit("inFlight")
	}
	p.RetryAfter = inFlightRetry
	return nil, p
}

// Authorize checks whether the caller may use the route, before any of the body is read.
func (in *Scope) Authorize(r *http.Request, a Right) error {
	return in.Guard.InTurn(r, func() error { return in.checkRight(r, a) })
}

// InTurn checks the rights of a caller. A few checks of one caller run at once; its other requests wait.
func (g *Guard) InTurn(r *http.Request, ask func() error) error {
	if g.Gate == nil {
		return nil
	}
	who := CallerOf(r.Context()).Name()
	ctx, cancel := context.WithTimeout(r.Context(), questionPatience)
	defer cancel()
	done, err := g.Admission.questions.Acquire(ctx, who)
	if err != nil {
		g.Metrics.Limit("share")
		return tooMany(questionPatience, "too many requests at once: the rights of %d requests of %q are being checked, the most for one caller", QuestionsAtOnce, who)
	}
	defer done()
	return ask()
}

// Admit reads the body of a request and takes a place, which the request holds until it is served or gives the place
// back.
func (in *Scope) Admit(w http.ResponseWriter, r *http.Request) (with *http.Request, back func(), err error) {
	bodies, places := in.Guard.Admission.Bodies, in.Guard.Admission.Places
	if in.narrow {
		bodies, places = in.Guard.Admission.Unsure, in.Guard.Admission.Unsure
	}
	if web.HasBody(r) {
		read, err := in.Guard.take(bodies, in.Who)
		if err != nil {
			return nil, nil, err
		}
		err = web.ReadBody(w, r)
		read()
		if err != nil {
			return nil, nil, err
		}
	}
	taken, err := in.Guard.take(places, in.Who)
	if err != nil {
		return nil, nil, err
	}
	in.Guard.Metrics.InFlight.Inc()
	leave := sync.OnceFunc(func() {
		in.Guard.Metrics.InFlight.Dec()
		taken()
	})
	return r.WithContext(context.WithValue(r.Context(), placeKey{}, leave)), leave, nil
}

type placeKey struct{}

// ReleasePlace releases the place of a request that starts to wait for changes.
func ReleasePlace(ctx context.Context) {
	if back, ok := ctx.Value(placeKey{}).(func()); ok {
		back()
	}
}
