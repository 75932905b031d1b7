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

// inFlightRetry in seconds, when too many requests are being served.
const inFlightRetry = 1

const (
	// UnsureOf the places are there for callers of whom only the body can tell whether they may, as a divisor.
	UnsureOf = 4
	// QuestionsAtOnce is how many requests of one caller are asked about at once. The others of it wait, because
	// nearly all answers come from memory.
	QuestionsAtOnce = 16
	// questionPatience is how long one waits for that.
	questionPatience = 5 * time.Second
)

// Admission lets requests in, one step after the other. What takes long is in the hands of the caller alone (to send a
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
type Admission struct {
	questions              *limit.Turns
	Bodies, Places, Unsure *limit.Places
}

func NewAdmission(most int) *Admission {
	return &Admission{
		questions: limit.NewTurns(QuestionsAtOnce),
		Bodies:    limit.NewPlaces(most), Places: limit.NewPlaces(most), Unsure: limit.NewPlaces(most / UnsureOf),
	}
}

// take a place for a caller. The error is the answer.
func (g *Guard) take(places *limit.Places, who *Caller) (back func(), err error) {
	back, err = places.Take(who.Name())
	if err == nil {
		return back, nil
	}
	most, share := places.Most()
	p := web.Problemf(http.StatusTooManyRequests, "%d requests are being served already (--max-requests-in-flight)", most)
	if errors.Is(err, limit.ErrShare) {
		g.Metrics.Limit("share")
		p = web.Problemf(http.StatusTooManyRequests, "%d requests of %q are being served already, as many as one caller may have at once", share, who.Name())
	} else {
		g.Metrics.Limit("inFlight")
	}
	p.RetryAfter = inFlightRetry
	return nil, p
}

// Let asks whether the caller may do what the route does, before anything of the body is read.
func (in *Scope) Let(r *http.Request, a Right) error {
	return in.Guard.InTurn(r, func() error { return in.authorize(r, a) })
}

// InTurn asks what a caller may do. Each caller has a few questions under way at once; its other requests wait.
func (g *Guard) InTurn(r *http.Request, ask func() error) error {
	if g.Gate == nil {
		return nil
	}
	who := CallerOf(r.Context()).Name()
	ctx, cancel := context.WithTimeout(r.Context(), questionPatience)
	defer cancel()
	done, err := g.Admission.questions.Take(ctx, who)
	if err != nil {
		g.Metrics.Limit("share")
		return tooMany(questionPatience, "%d requests of %q are being asked about already, as many as one caller may have at once", QuestionsAtOnce, who)
	}
	defer done()
	return ask()
}

// Admitted reads the body of a request and takes a place for it, which it holds while it is served, or until it gives it
// back.
func (in *Scope) Admitted(w http.ResponseWriter, r *http.Request) (with *http.Request, back func(), err error) {
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

// GivePlaceBack is for a request that is known to wait: it works no more until there is news.
func GivePlaceBack(ctx context.Context) {
	if back, ok := ctx.Value(placeKey{}).(func()); ok {
		back()
	}
}
