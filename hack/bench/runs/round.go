// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/hack/bench/lab"
)

const (
	// creators is how many runs are created in parallel.
	creators = 8
	// quiet is the wait after the last run, so that later writes count, too: a Task's statistics and Events.
	quiet = 5 * time.Second
	// roundPatience is how long a round may make no progress.
	roundPatience = 2 * time.Minute
)

// bench measures rounds in a lab.
type bench struct {
	*options
	lab *lab.Lab
}

// round creates runs of a kind at a pace and watches them to their end.
func (b *bench) round(ctx context.Context, k *kind, group string, runs int, pace rate.Limit) (*measured, error) {
	if err := k.prepare(ctx, b.lab.Kube, group); err != nil {
		return nil, fmt.Errorf("preparing %s: %w", group, err)
	}
	watched, err := b.lab.Kube.Watch(ctx, k.list, client.InNamespace(namespace), client.MatchingLabels{label: group})
	if err != nil {
		return nil, fmt.Errorf("watching %s: %w", group, err)
	}
	defer watched.Stop()
	m := &measured{runs: runs}
	if m.before, err = b.count(ctx); err != nil {
		return nil, err
	}
	slots := make(chan struct{}, b.inFlight)
	created := make(chan birth, runs)
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error { return b.create(ctx, k, group, runs, rate.NewLimiter(pace, 1), slots, created) })
	work.Go(func() error { return m.follow(ctx, k, watched, slots, created) })
	if err := work.Wait(); err != nil {
		return nil, fmt.Errorf("%s: %w", group, err)
	}
	wait := time.NewTimer(quiet)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done(): // the group's context is always done here; an interrupt fails the next request
		<-wait.C
	}
	m.after, err = b.count(context.WithoutCancel(ctx))
	return m, err
}

// birth is the creation of a run.
type birth struct {
	name string
	at   time.Time
}

// create creates each run when the pace allows it and a slot is free.
func (b *bench) create(ctx context.Context, k *kind, group string, runs int, pace *rate.Limiter, slots chan<- struct{}, created chan<- birth) error {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(creators)
	for i := range runs {
		if err := pace.Wait(ctx); err != nil {
			return errors.Join(work.Wait(), err)
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return errors.Join(work.Wait(), ctx.Err())
		}
		work.Go(func() error {
			run := k.run(group, i)
			created <- birth{run.GetName(), time.Now()}
			return b.lab.Kube.Create(ctx, run)
		})
	}
	return work.Wait()
}

// follow reads the watch until the status of each run is final.
func (m *measured) follow(ctx context.Context, k *kind, watched watch.Interface, slots <-chan struct{}, created <-chan birth) error {
	born, ended, settled := map[string]time.Time{}, map[string]bool{}, map[string]bool{}
	patience := time.NewTimer(roundPatience)
	defer patience.Stop()
	for len(settled) < m.runs {
		select {
		case b := <-created:
			born[b.name] = b.at
			if m.first.IsZero() {
				m.first = b.at
			}
		case event, open := <-watched.ResultChan():
			now := time.Now()
			object, ok := event.Object.(client.Object)
			if !open || !ok {
				return errors.New("the watch ended")
			}
			for len(created) > 0 { // a run is created before the watch shows it
				b := <-created
				born[b.name] = b.at
			}
			name := object.GetName()
			over, well, known := k.look(object)
			if over && !well {
				return fmt.Errorf("%s did not end well", name)
			}
			if over && !ended[name] {
				ended[name], m.last = true, now
				m.latencies = append(m.latencies, now.Sub(born[name]))
				<-slots
				patience.Reset(roundPatience)
			}
			if over && known {
				settled[name] = true
			}
		case <-patience.C:
			return fmt.Errorf("%d of %d runs ended, and of %d all is known; nothing happened for %s", len(ended), m.runs, len(settled), roundPatience)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
