// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"context"
	"io"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/redact"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// track starts a stream for each container run that has none, and marks those that have ended. The caller holds the
// lock.
func (r *run) track(s Subject) {
	present := make(map[archive.StreamID]bool, len(s.Runs))
	newest := map[archive.StreamID]int32{} // restarts, by pod and container
	for i := range s.Runs {
		c := &s.Runs[i]
		newest[place(c)] = max(newest[place(c)], c.Restart)
		if !c.Mirrored() && r.archive == nil {
			continue // there is nowhere to put it
		}
		id := archive.IDOf(c)
		present[id] = true
		t, ok := r.streams[id]
		if !ok {
			t = newTracked(r, c)
			r.streams[id] = t
		}
		t.restarted = t.restarted || c.Previous
		if c.Ended {
			t.finished = c.FinishedAt
			closeOnce(t.ended)
		}
		if !t.reading {
			r.follow(*c, t)
		}
	}
	for id, t := range r.streams {
		gone := !slices.Contains(s.Pods, t.run.PodUID)
		if present[id] || (!gone && newest[place(&t.run)] <= t.run.Restart) {
			continue // a kubelet that restarts may not know its containers for a while
		}
		t.gone = t.gone || gone
		closeOnce(t.ended)
		if !t.reading { // an earlier controller archived a part of it, and its pod is gone
			t.reading, t.done = true, true
			if !t.whole {
				t.miss(v1alpha1.ReasonLogsPodGone)
			}
		}
	}
}

// place identifies a container across its runs.
func place(c *source.ContainerRun) archive.StreamID {
	return archive.StreamID{PodUID: c.PodUID, Container: c.Container}
}

// follow starts the goroutine that reads one container run's log.
func (r *run) follow(c source.ContainerRun, t *tracked) {
	t.reading = true
	log := r.log.WithValues("pod", types.NamespacedName{Namespace: c.Namespace, Name: c.Pod}, "container", c.Container)
	if t.whole { // an earlier controller has archived all of it
		log.V(1).Info("The log was archived before")
		t.done = true
		return
	}
	ctx, cancel := context.WithCancel(r.follower.stop)
	t.cancel = cancel
	if r.archive != nil && !r.unarchived && !r.withheld {
		t.archive = r.archive.Stream(&c)
	}
	s := &stream{
		run:       c,
		source:    r.source(),
		turns:     r.follower.Turns,
		clock:     r.follower.Clock,
		sink:      t,
		log:       log,
		ended:     t.ended,
		finished:  t.finishedAt,
		renamed:   t.isRestarted,
		gone:      t.isGone,
		reconnect: r.follower.Reconnect,
		fileSize:  r.follower.FileSize,
		before:    slices.Contains(r.recorded, c.PodUID),
	}
	log.V(1).Info("Began to follow the log", "containerID", c.ContainerID, "restart", c.Restart)
	r.follower.start(func() {
		defer cancel()
		missing := t.restore(ctx, s)
		if missing == "" {
			missing = s.read(ctx)
		}
		t.finish(ctx, missing, log)
	})
}

// source returns the source of the run's logs. If the log is redacted, each read is, because lines are compared with
// those that an earlier controller archived.
func (r *run) source() source.Source {
	if r.redact == nil {
		return r.follower.Source
	}
	return redacted{r.follower.Source, r.redact}
}

// redacted is a Source that removes the values of sensitive params.
type redacted struct {
	source.Source
	values *redact.Redactor
}

func (s redacted) Open(ctx context.Context, request source.Request) (io.ReadCloser, error) {
	body, err := s.Source.Open(ctx, request)
	if err != nil {
		return nil, err
	}
	return s.values.Log(body, !request.Follow), nil
}
