package apiserver

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/taskexec/taskexec/apiserver/limit"
)

// inFlightRetry in seconds, when too many requests are being served.
const inFlightRetry = 1

const (
	// unsureOf the places are there for callers of whom only the body can tell whether they may, as a divisor.
	unsureOf = 4
	// questionsAtOnce is how many requests of one caller are asked about at once. The others of it wait, because
	// nearly all answers come from memory.
	questionsAtOnce = 16
	// questionPatience is how long one waits for that.
	questionPatience = 5 * time.Second
)

// admission lets requests in, one step after the other. What takes long is in the hands of the caller alone (to send a
// body, to wait for news, to read a stream), and holds no place of those who work:
//
//	authenticate  who sent it?                         some at once for each address
//	questions     may the caller do it?                some at once for each caller
//	bodies        its body is read, bounded in time    as many places as there are for what follows
//	places        it is served                         --max-requests-in-flight
//	unsure        stands for bodies and places where   a quarter as many
//	              only the body can tell (narrow)
//
// Of the places, one caller holds at most a quarter. So who has no right, in however many connections and with however
// many names, holds none of the places of those who have one.
type admission struct {
	questions              *limit.Turns
	bodies, places, unsure *limit.Places
}

func newAdmission(most int) *admission {
	return &admission{
		questions: limit.NewTurns(questionsAtOnce),
		bodies:    limit.NewPlaces(most), places: limit.NewPlaces(most), unsure: limit.NewPlaces(most / unsureOf),
	}
}

// take a place for a caller. The error is the answer.
func (g *guard) take(places *limit.Places, who *caller) (back func(), err error) {
	back, err = places.Take(who.name())
	if err == nil {
		return back, nil
	}
	most, share := places.Most()
	p := problemf(http.StatusTooManyRequests, "%d requests are being served already (--max-requests-in-flight)", most)
	if errors.Is(err, limit.ErrShare) {
		g.metrics.limit("share")
		p = problemf(http.StatusTooManyRequests, "%d requests of %q are being served already, as many as one caller may have at once", share, who.name())
	} else {
		g.metrics.limit("inFlight")
	}
	p.retryAfter = inFlightRetry
	return nil, p
}

// let asks whether the caller may do what the route does, before anything of the body is read.
func (in *scope) let(r *http.Request, a access) error {
	return in.guard.inTurn(r, func() error { return in.authorize(r, a) })
}

// inTurn asks what a caller may do. Each caller has a few questions under way at once; its other requests wait.
func (g *guard) inTurn(r *http.Request, ask func() error) error {
	if g.gate == nil {
		return nil
	}
	who := callerOf(r.Context()).name()
	ctx, cancel := context.WithTimeout(r.Context(), questionPatience)
	defer cancel()
	done, err := g.admission.questions.Take(ctx, who)
	if err != nil {
		g.metrics.limit("share")
		return tooMany(questionPatience, "%d requests of %q are being asked about already, as many as one caller may have at once", questionsAtOnce, who)
	}
	defer done()
	return ask()
}

// admitted reads the body of a request and takes a place for it, which it holds while it is served, or until it gives it
// back.
func (in *scope) admitted(w http.ResponseWriter, r *http.Request) (with *http.Request, back func(), err error) {
	bodies, places := in.guard.admission.bodies, in.guard.admission.places
	if in.narrow {
		bodies, places = in.guard.admission.unsure, in.guard.admission.unsure
	}
	if hasBody(r) {
		read, err := in.guard.take(bodies, in.who)
		if err != nil {
			return nil, nil, err
		}
		err = readBody(w, r)
		read()
		if err != nil {
			return nil, nil, err
		}
	}
	taken, err := in.guard.take(places, in.who)
	if err != nil {
		return nil, nil, err
	}
	in.guard.metrics.inFlight.Inc()
	leave := sync.OnceFunc(func() {
		in.guard.metrics.inFlight.Dec()
		taken()
	})
	return r.WithContext(context.WithValue(r.Context(), placeKey{}, leave)), leave, nil
}

type placeKey struct{}

// givePlaceBack is for a request that is known to wait: it works no more until there is news.
func givePlaceBack(ctx context.Context) {
	if back, ok := ctx.Value(placeKey{}).(func()); ok {
		back()
	}
}
