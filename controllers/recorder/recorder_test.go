// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package recorder

import (
	"context"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/source"
	"github.com/taskexec/taskexec/controllers/records"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// site is a cluster whose controller records runs into a bucket.
type site struct {
	client.WithWatch
	url   string
	id    records.Cluster
	clock *clocktesting.FakePassiveClock
	*Reconciler
	logs *archive.Writer
}

func newSite(t *testing.T, url string, id records.Cluster) *site {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	s := &site{url: url, id: id, clock: clocktesting.NewFakePassiveClock(noon), WithWatch: fake.NewClientBuilder().WithScheme(scheme).Build()}
	s.restart(t, Options{})
	return s
}

// restart replaces the controller by one that knows nothing.
func (s *site) restart(t *testing.T, o Options) {
	t.Helper()
	b, err := bucket.Open(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	s.logs, err = archive.NewWriter(archive.WriterOptions{Bucket: b, Cluster: string(s.id), SpoolDir: t.TempDir(), SpoolBytes: 1 << 20, PartBytes: 1 << 16, PartAge: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	o.Registry = prometheus.NewRegistry()
	w := records.NewWriter(records.WriterOptions{Bucket: bucket.New(b, logr.Discard()), Cluster: s.id, Clock: s.clock, Log: logr.Discard()})
	s.Reconciler = New(s.WithWatch, s.WithWatch, w, NewLedger(s.clock, 30*time.Minute), s.logs.Reader(), o)
	s.claimed.Store(true)
}

// run creates a run that has ended at the given time, with an archived log.
func (s *site) run(t *testing.T, name string, ended time.Time) *v1alpha1.TaskExecution {
	t.Helper()
	e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: name, UID: types.UID(string(s.id) + "-" + name), CreationTimestamp: metav1.NewTime(ended)}}
	e.Spec.TaskRef.Name = "sync"
	e.Status.Phase = v1alpha1.PhaseCompleted
	at := metav1.NewTime(ended)
	e.Status.CompletionTime = &at
	e.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionLogsCaptured, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonLogsComplete}}
	if err := s.WithWatch.Create(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	l := s.logs.Begin(archiveOf(e), true)
	stream := l.Stream(&source.ContainerRun{Namespace: "team-a", Pod: name, PodUID: "pod", Container: "main", ContainerID: "1"})
	stream.Line(ended, []byte("a line of "+name), true)
	stream.End()
	l.End()
	for !l.State().Settled {
		select {
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-time.After(time.Millisecond):
		}
	}
	return e
}

func archiveOf(e *v1alpha1.TaskExecution) archive.Execution {
	return archive.Execution{Namespace: e.Namespace, Name: e.Name, UID: e.UID}
}

func (s *site) reconcile(t *testing.T, e *v1alpha1.TaskExecution) {
	t.Helper()
	if _, err := s.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(e)}); err != nil {
		t.Fatal(err)
	}
}

// listed returns the names in the history.
func (s *site) listed(t *testing.T) (names []string) {
	t.Helper()
	b, err := bucket.Open(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	page, err := records.NewReader(bucket.New(b, logr.Discard()), s.id, 1<<20).Page(t.Context(), "team-a", records.Query{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range page.Executions {
		names = append(names, e.Name)
	}
	return names
}

func (s *site) hasLog(t *testing.T, e *v1alpha1.TaskExecution) bool {
	t.Helper()
	ix, err := s.logs.Reader().Index(t.Context(), archiveOf(e))
	if err != nil {
		t.Fatal(err)
	}
	return ix != nil
}

// The clean-up may remove a run when every list of the history has it. If the archive is away, it may after the deadline.
func TestRunStaysUntilItIsInTheHistory(t *testing.T) {
	s := newSite(t, "file://"+t.TempDir(), "cluster-a")
	e := s.run(t, "one", noon)
	if may, after := s.ledger.MayRemove(e); may || after != 30*time.Minute {
		t.Errorf("an unrecorded run: %v, %s", may, after)
	}
	s.reconcile(t, e)
	if may, _ := s.ledger.MayRemove(e); may {
		t.Error("it is not in the history")
	}
	if err := s.writer.Flush(t.Context(), s.ledger.indexed); err != nil {
		t.Fatal(err)
	}
	if may, after := s.ledger.MayRemove(e); may || after != shown {
		t.Errorf("right after the flush: %v, %s", may, after)
	}
	s.clock.SetTime(noon.Add(shown))
	if may, _ := s.ledger.MayRemove(e); !may {
		t.Error("each list has it")
	}
	late := s.run(t, "late", noon)
	s.clock.SetTime(noon.Add(30 * time.Minute))
	if may, _ := s.ledger.MayRemove(late); !may {
		t.Error("the archive had its deadline")
	}
}

// A controller that is killed after any step leaves a run that the next one records, once.
func TestRecorderThatIsKilled(t *testing.T) {
	for _, killed := range []string{"before the record", "after the record", "after the flush"} {
		t.Run(killed, func(t *testing.T) {
			s := newSite(t, "file://"+t.TempDir(), "cluster-a")
			e := s.run(t, "one", noon)
			if killed != "before the record" {
				s.reconcile(t, e)
			}
			if killed == "after the flush" {
				if err := s.writer.Flush(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
			}
			s.restart(t, Options{})
			s.reconcile(t, e)
			if err := s.writer.Flush(t.Context(), s.ledger.indexed); err != nil {
				t.Fatal(err)
			}
			if got := s.listed(t); len(got) != 1 {
				t.Errorf("the history has %v", got)
			}
			s.clock.SetTime(noon.Add(shown))
			if may, after := s.ledger.MayRemove(e); !may {
				t.Errorf("it may be removed only after %s", after)
			}
		})
	}
}

// Two clusters record into one bucket and apply their retention. Neither removes what the other wrote, whether the runs still
// exist or not, even if a cluster was built anew and is empty.
func TestCase37TwoClustersOnOneBucket(t *testing.T) {
	url := "file://" + t.TempDir()
	a, b := newSite(t, url, "cluster-a"), newSite(t, url, "cluster-b")
	kept := map[*site][]*v1alpha1.TaskExecution{}
	for _, s := range []*site{a, b} {
		for _, name := range []string{"one", "two", "three"} {
			e := s.run(t, name, noon)
			s.reconcile(t, e)
			kept[s] = append(kept[s], e)
		}
		if err := s.writer.Flush(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range kept[b] {
		if err := b.WithWatch.Delete(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	retention := Options{Retention: Retention{Every: time.Hour, Default: records.Limits{MaxAge: time.Hour}, PerHour: 100}}
	for _, s := range []*site{a, b} { // both are built anew: nothing is known in memory
		s.restart(t, retention)
		(&Upkeep{s.Reconciler}).expire(t.Context())
		for _, e := range kept[s] {
			if !s.hasLog(t, e) {
				t.Errorf("the young log of %s is gone", e.UID)
			}
		}
	}
	for _, s := range []*site{a, b} {
		s.clock.SetTime(noon.Add(2 * time.Hour))
	}
	(&Upkeep{b.Reconciler}).expire(t.Context())
	if got := b.listed(t); len(got) != 0 {
		t.Errorf("b keeps %v after their time", got)
	}
	for _, e := range kept[b] {
		if b.hasLog(t, e) {
			t.Errorf("the log of %s is kept after its time", e.UID)
		}
	}
	(&Upkeep{a.Reconciler}).expire(t.Context())
	if got := a.listed(t); len(got) != 3 {
		t.Errorf("a's runs still exist, and its archive has %v", got)
	}
	for _, e := range kept[a] {
		if !a.hasLog(t, e) {
			t.Errorf("the log of %s, which exists, is gone", e.UID)
		}
	}
}

// Retention removes at most so many in an hour, and goes on the next time.
func TestRetentionIsBounded(t *testing.T) {
	s := newSite(t, "file://"+t.TempDir(), "cluster-a")
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		e := s.run(t, name, noon)
		s.reconcile(t, e)
		if err := s.WithWatch.Delete(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.writer.Flush(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	s.restart(t, Options{Retention: Retention{Every: time.Hour, Default: records.Limits{MaxAge: time.Hour}, PerHour: 2, DryRun: true}})
	s.clock.SetTime(noon.Add(2 * time.Hour))
	(&Upkeep{s.Reconciler}).expire(t.Context())
	if got := s.listed(t); len(got) != 5 {
		t.Errorf("a dry run left %v", got)
	}
	s.options.Retention.DryRun = false
	for _, want := range []int{3, 1, 0} {
		(&Upkeep{s.Reconciler}).expire(t.Context())
		if got := s.listed(t); len(got) != want {
			t.Errorf("left %v, want %d", got, want)
		}
	}
}

// With --archive-forget, a run that somebody deletes is forgotten, and one that the clean-up removes is kept.
func TestForgetsOnlyWhatSomebodyDeleted(t *testing.T) {
	s := newSite(t, "file://"+t.TempDir(), "cluster-a")
	s.restart(t, Options{Forget: true})
	cleaned, deleted := s.run(t, "cleaned", noon), s.run(t, "deleted", noon)
	for _, e := range []*v1alpha1.TaskExecution{cleaned, deleted} {
		s.reconcile(t, e)
	}
	if err := s.writer.Flush(t.Context(), s.ledger.indexed); err != nil {
		t.Fatal(err)
	}
	s.clock.SetTime(noon.Add(shown))
	if may, _ := s.ledger.MayRemove(cleaned); !may {
		t.Fatal("the clean-up may not remove it")
	}
	s.deleted(cleaned)
	s.deleted(deleted)
	eventually(t, func() bool { return s.writer.Pending() == 1 })
	if err := s.writer.Flush(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if got := s.listed(t); len(got) != 1 || got[0] != "cleaned" {
		t.Errorf("the history has %v", got)
	}
	if s.hasLog(t, deleted) || !s.hasLog(t, cleaned) {
		t.Error("the wrong log is gone")
	}
}

// A run whose annotation asks for it is forgotten and deleted, whether or not it was recorded before.
func TestForgetsOnRequest(t *testing.T) {
	s := newSite(t, "file://"+t.TempDir(), "cluster-a")
	recorded, unrecorded := s.run(t, "recorded", noon), s.run(t, "unrecorded", noon)
	s.reconcile(t, recorded)
	for _, e := range []*v1alpha1.TaskExecution{recorded, unrecorded} {
		e.Annotations = map[string]string{v1alpha1.AnnotationForget: "true"}
		if err := s.WithWatch.Update(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		s.reconcile(t, e)
		if err := s.WithWatch.Get(t.Context(), client.ObjectKeyFromObject(e), e); !apierrors.IsNotFound(err) {
			t.Errorf("%s is still there: %v", e.Name, err)
		}
		if s.hasLog(t, e) {
			t.Errorf("the log of %s is still there", e.Name)
		}
	}
	if err := s.writer.Flush(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if got := s.listed(t); len(got) != 0 {
		t.Errorf("the history has %v", got)
	}
}

// A cluster with the identity of another one writes nothing while the other renews its claim.
func TestTwoClustersWithOneIdentity(t *testing.T) {
	url := "file://" + t.TempDir()
	first, second := newSite(t, url, "same"), newSite(t, url, "same")
	if err := first.writer.Claim(t.Context(), "uid-1"); err != nil {
		t.Fatal(err)
	}
	second.options.ClusterUID = "uid-2"
	second.claimed.Store(false)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	(&Upkeep{second.Reconciler}).claim(ctx)
	e := second.run(t, "one", noon)
	result, err := second.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(e)})
	if err != nil || result.RequeueAfter == 0 {
		t.Errorf("got %+v, %v", result, err)
	}
	if got := second.listed(t); len(got) != 0 {
		t.Errorf("the history has %v", got)
	}
}

func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	for !condition() {
		select {
		case <-t.Context().Done():
			t.Fatal("it does not happen")
		case <-time.After(time.Millisecond):
		}
	}
}
