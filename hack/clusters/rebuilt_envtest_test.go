// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package clusters

import (
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers"
	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/recorder"
	"github.com/taskexec/taskexec/controllers/records"
)

// rebuilt loses a cluster, and builds one with its identity and no object of it. The new one shows each run that the old one had, with
// each byte of its log, removes nothing of it, and runs nothing again.
func rebuilt(t *testing.T, s *store, lost *load) {
	t.Helper()
	saved := &v1alpha1.TaskExecutionList{}
	if err := lost.kube.List(t.Context(), saved); err != nil {
		t.Fatal(err)
	}
	lost.stop()
	sweeps := recorder.Retention{Every: time.Second, Default: records.Limits{MaxAge: 1000 * time.Hour, MaxBytes: 1 << 40}, PerHour: 1_000_000}
	c := newCluster(t, s, "rebuilt", lost.identity, func(o *controllers.Options) { o.Archive.Retention = sweeps })
	m := newModel(startNode(t, c, *seed, nil), sweeps)
	maps.Copy(m.created, lost.created)
	maps.Copy(m.runs, lost.runs)
	l, err := newLoad(m, *seed)
	if err != nil {
		t.Fatal(err)
	}
	l.made = lost.made
	if err := l.createTasks(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.startController()
	c.startFacade()
	listed := m.check(t.Context(), 1, rand.New(rand.NewPCG(*seed, 8)))
	t.Logf("rebuilt: its history has %d runs; %d were compared whole", listed, m.checks)
	if listed == 0 {
		t.Error("the history is empty")
	}
	c.takesOver(t, s)
	m.check(t.Context(), 1, rand.New(rand.NewPCG(*seed, 9)))
	c.runsNothingAgain(t, saved)
	c.recordsNewRuns(t, l)
}

// takesOver waits until the cluster has the identity: the claim of the lost one must lapse. Then it waits until the retention was
// applied to each namespace.
func (c *cluster) takesOver(t *testing.T, s *store) {
	t.Helper()
	s.ahead.Store(int64(20 * time.Minute))
	opened, err := bucket.Open(t.Context(), c.facadeDoor.url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	c.eventually("it has taken over the identity", func() bool {
		claim, err := opened.ReadAll(t.Context(), ".taskexec/"+c.identity+"/owner.json")
		return err == nil && strings.Contains(string(claim), c.uid)
	})
	c.eventually("it has applied its retention", func() bool {
		families, err := c.registry.Load().Gather()
		for _, family := range families {
			if family.GetName() == "taskexec_archive_expired_runs" {
				return err == nil && len(family.GetMetric()) == len(namespaces)
			}
		}
		return false
	})
}

// runsNothingAgain applies what kubectl get showed in the lost cluster. What the facade created there ends as a copy.
func (c *cluster) runsNothingAgain(t *testing.T, saved *v1alpha1.TaskExecutionList) {
	t.Helper()
	copies := 0
	for i := range saved.Items {
		e := &saved.Items[i]
		if e.Spec.Trigger.Time == nil {
			continue // created with kubectl: to apply it means to run it
		}
		e.ResourceVersion, e.UID, e.CreationTimestamp = "", "", metav1.Time{}
		if err := c.kube.Create(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		want := v1alpha1.ReasonRestoredCopy
		if e.Spec.Cancel != nil {
			want = v1alpha1.ReasonCancelled // cancelled there, it counts as cancelled here
		}
		c.eventually(e.Name+" ends as "+want, func() bool {
			return c.kube.Get(t.Context(), client.ObjectKeyFromObject(e), e) == nil && e.Status.Reason == want
		})
		copies++
	}
	jobs := &batchv1.JobList{}
	if err := c.kube.List(t.Context(), jobs); err != nil || len(jobs.Items) > 0 || copies == 0 {
		t.Errorf("%d copies were applied, and %d Jobs exist (%v)", copies, len(jobs.Items), err)
	}
}

// recordsNewRuns runs a task, and finds it in the history.
func (c *cluster) recordsNewRuns(t *testing.T, l *load) {
	t.Helper()
	before := maps.Clone(l.created)
	if err := l.creates(t.Context()); err != nil {
		t.Fatal(err)
	}
	for key := range l.created {
		if before[key] {
			continue
		}
		c.eventually(key.String()+" is in the history", func() bool {
			l.settle(t.Context())
			r := l.runs[key] // no goroutine changes this model
			if r == nil {
				return false
			}
			there, err := l.isRecorded(t.Context(), r)
			return there && err == nil
		})
		return
	}
	t.Error("no run was created")
}
