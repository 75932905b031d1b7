// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package clusters

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gocloud.dev/blob"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/recorder"
	"github.com/taskexec/taskexec/controllers/records"
)

// settling is how long the programs may take until what must go is gone everywhere: a restart of the controller, two sweeps, and the
// lists of segments that the facade keeps, on a busy machine.
const settling = 5 * time.Minute

// run is what is known of a run that has ended.
type run struct {
	namespace, name string
	uid             types.UID
	ended           time.Time
	// answer is what the facade showed when the run had ended and its log was final.
	answer shown
	// log is what the container printed, or what was served if there was none.
	log string
	// settled is when all this was known.
	settled time.Time
	// asked is when somebody asked to forget it, and deleted when somebody deleted it, in nanoseconds since 1970, 0 if nobody did.
	asked, deleted atomic.Int64
	// lived is when the cluster was last seen to have it.
	lived atomic.Int64
}

// mayGo returns when a run may be removed that is kept for a time: the cluster no longer has it then.
func (r *run) mayGo(kept time.Duration) time.Time {
	at := r.ended.Add(kept)
	if lived := time.Unix(0, r.lived.Load()); lived.After(at) {
		at = lived
	}
	return at.Add(time.Second) // times are in whole seconds
}

// model is what a cluster must show.
type model struct {
	*node
	// retention is what the archive keeps.
	retention recorder.Retention

	mu sync.Mutex
	// created has the runs that were created, also those that are not settled yet.
	created map[types.NamespacedName]bool
	runs    map[types.NamespacedName]*run
	// faults are what was wrong. Each is said once.
	faults map[string]bool
	// checks counts comparisons of whole runs.
	checks int
	// swept has the times at which the archive's retention began to be applied in each namespace and then came to its end.
	swept map[string][]time.Time
}

func newModel(n *node, retention recorder.Retention) *model {
	return &model{node: n, retention: retention, created: map[types.NamespacedName]bool{}, runs: map[types.NamespacedName]*run{}, faults: map[string]bool{}, swept: map[string][]time.Time{}}
}

// wrong reports a fault.
func (m *model) wrong(format string, args ...any) {
	fault := fmt.Sprintf(format, args...)
	m.mu.Lock()
	known := m.faults[fault]
	m.faults[fault] = true
	m.mu.Unlock()
	if !known {
		m.t.Errorf("%s cluster %s: %s", time.Now().UTC().Format(time.TimeOnly), m.name, fault)
	}
}

// settle takes the runs whose logs are final into the model, and judges them by what their containers did.
func (m *model) settle(ctx context.Context) {
	m.observeSweeps()
	list := &v1alpha1.TaskExecutionList{}
	if err := m.seen.List(ctx, list); err != nil {
		m.wrong("listing runs: %v", err)
		return
	}
	for i := range list.Items {
		e := &list.Items[i]
		key := types.NamespacedName{Namespace: e.Namespace, Name: e.Name}
		m.mu.Lock()
		known := m.runs[key] != nil
		m.mu.Unlock()
		if known || !lifecycle.LogIsFinal(e) {
			continue
		}
		r, err := m.settled(ctx, e)
		if err != nil {
			if ctx.Err() == nil {
				m.wrong("%s has ended: %v", key, err)
			}
			continue
		}
		if r != nil {
			m.mu.Lock()
			m.runs[key] = r
			m.mu.Unlock()
		}
	}
}

// settled returns what is known of a run that has ended, nil if the facade does not know yet that it has.
func (m *model) settled(ctx context.Context, e *v1alpha1.TaskExecution) (*run, error) {
	answer, err := m.run(ctx, e.Namespace, e.Name)
	if err != nil || !strings.Contains(answer.rest, `"finishedAt"`) || !strings.Contains(answer.rest, `"logSummary"`) && m.programOf(e.UID) != nil {
		return nil, err
	}
	r := &run{namespace: e.Namespace, name: e.Name, uid: e.UID, ended: e.CreationTimestamp.Time, answer: answer, settled: time.Now()}
	if end := e.Status.CompletionTime; end != nil && end.After(r.ended) {
		r.ended = end.Time
	}
	if r.log, err = m.printed(ctx, e.Namespace, e.Name); err != nil {
		return nil, err
	}
	p := m.programOf(e.UID)
	if p == nil {
		if e.Status.StartTime != nil {
			m.wrong("%s/%s started at %s and had no container", e.Namespace, e.Name, e.Status.StartTime)
		}
		return r, nil
	}
	lines, over := p.printed(time.Now())
	var log strings.Builder
	for _, l := range lines {
		log.WriteString(l.text + "\n")
	}
	served := r.log
	if r.log = log.String(); served != r.log && time.Since(r.ended) < settling {
		return nil, nil // the facade serves the tail while the store does not answer
	}
	switch s := e.Status.LogSummary; {
	case served != r.log:
		m.wrong("%s/%s, whose log is %+v: %s", e.Namespace, e.Name, s, difference(r.log, served))
	case !over:
		m.wrong("%s/%s is said to have ended, and its container runs", e.Namespace, e.Name)
	case e.Status.Phase == v1alpha1.PhaseCompleted && p.code != 0, e.Status.Phase == v1alpha1.PhaseFailed && (e.Status.ExitCode == nil || *e.Status.ExitCode != p.code):
		m.wrong("%s/%s ended as %s with %v, and its container with %d", e.Namespace, e.Name, e.Status.Phase, e.Status.ExitCode, p.code)
	case s != nil && s.Entries == 0 && s.Reason == v1alpha1.ReasonLogsRotated: // it was read so late that nobody can know that it was empty
	case s == nil || !s.Complete:
		m.wrong("%s/%s has the log %+v: it is not complete", e.Namespace, e.Name, s)
	}
	return r, nil
}

// all returns the settled runs of a namespace, the newest end first.
func (m *model) all(namespace string) (of []*run) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.runs {
		if r.namespace == namespace {
			of = append(of, r)
		}
	}
	slices.SortFunc(of, func(a, b *run) int { return b.ended.Compare(a.ended) })
	return of
}

// fate says whether a run must be shown, or must not.
type fate int

const (
	must fate = iota
	may
	mustNot
)

// observeSweeps reads the controller's metric of sweeps. A new controller begins without.
func (m *model) observeSweeps() {
	families, err := m.registry.Load().Gather()
	if err != nil {
		m.wrong("reading metrics: %v", err)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range families {
		if f.GetName() != "taskexec_archive_retention_applied_timestamp_seconds" {
			continue
		}
		for _, metric := range f.GetMetric() {
			begun := time.UnixMilli(int64(metric.GetGauge().GetValue() * 1000))
			namespace := metric.GetLabel()[0].GetValue()
			if times := m.swept[namespace]; len(times) == 0 || begun.After(times[len(times)-1]) {
				m.swept[namespace] = append(times, begun)
			}
		}
	}
}

// sweptSince reports whether the retention was applied in a namespace, from its begin to its end, after a time, and so long ago
// that the facade has forgotten its lists from before.
func (m *model) sweptSince(namespace string, at, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.swept[namespace], func(begun time.Time) bool { return begun.After(at) })
	return i >= 0 && now.Sub(m.swept[namespace][i]) > settling
}

// fates returns what must be shown of a namespace now, given what still exists in the cluster.
func (m *model) fates(ctx context.Context, namespace string, now time.Time) map[*run]fate {
	limits, bytes := m.retention.Of(namespace), int64(0)
	if m.retention.Every == 0 {
		limits.MaxAge, limits.MaxBytes = 0, 0
	}
	of := map[*run]fate{}
	for _, r := range m.all(namespace) {
		bytes += int64(len(r.log))
		age := now.Sub(r.ended)
		live := m.kubeHas(ctx, r)
		if live {
			r.lived.Store(now.UnixNano())
		}
		asked := r.asked.Load()
		switch {
		case asked != 0 && now.Sub(time.Unix(0, asked)) > settling:
			of[r] = mustNot
		case asked != 0, now.Sub(time.Unix(0, r.deleted.Load())) < 2*records.ListingAge:
			of[r] = may // the facade's list of segments may be older than the deletion
		case live:
			of[r] = must
		case limits.MaxAge > 0 && m.sweptSince(r.namespace, r.mayGo(limits.MaxAge), now):
			of[r] = mustNot
		case limits.MaxAge > 0 && age > limits.MaxAge-time.Second:
			of[r] = may
		case limits.MaxBytes > 0 && age > m.retention.AtLeast-time.Second && bytes > limits.MaxBytes/2:
			// The rows count in the order of creation, with the times of the lines.
			of[r] = may
		default:
			of[r] = must
		}
	}
	return of
}

func (m *model) kubeHas(ctx context.Context, r *run) bool {
	e := &v1alpha1.TaskExecution{}
	return m.seen.Get(ctx, types.NamespacedName{Namespace: r.namespace, Name: r.name}, e) == nil && e.UID == r.uid
}

// check compares the history of each namespace with the model, and one in every runs with its whole record and log.
func (m *model) check(ctx context.Context, every int, random *rand.Rand) (listed int) {
	for _, namespace := range namespaces {
		before := m.fates(ctx, namespace, time.Now())
		history, err := m.history(ctx, namespace)
		if err != nil {
			m.wrong("%v", err)
			continue
		}
		after := m.fates(ctx, namespace, time.Now())
		listed += len(history)
		there := map[string]bool{}
		for i, item := range history {
			if there[item.ExecutionID] {
				m.wrong("%s lists %s twice", namespace, item.ExecutionID)
			}
			there[item.ExecutionID] = true
			if i > 0 && item.CreatedAt.After(history[i-1].CreatedAt) {
				m.wrong("%s lists %s, created at %s, after %s of %s", namespace, item.ExecutionID, item.CreatedAt, history[i-1].ExecutionID, history[i-1].CreatedAt)
			}
			if !m.wasCreated(ctx, types.NamespacedName{Namespace: namespace, Name: item.ExecutionID}) {
				m.wrong("%s lists %s, which nobody created", namespace, item.ExecutionID)
			}
		}
		for r, is := range before {
			switch {
			case is == must && after[r] == must && !there[r.name]:
				m.wrong("%s does not list %s (UID %s), which ended at %s and settled at %s", namespace, r.name, r.uid, r.ended.UTC().Format(time.TimeOnly), r.settled.UTC().Format(time.TimeOnly))
			case is == mustNot && there[r.name]:
				m.wrong("%s still lists %s, which ended at %s (to be forgotten: %v)", namespace, r.name, r.ended, r.asked.Load() != 0)
			}
			if random.IntN(every) == 0 {
				m.compare(ctx, r, is)
			}
		}
	}
	return listed
}

// wasCreated reports whether somebody created a run. The answer to who did may still be under way.
func (m *model) wasCreated(ctx context.Context, key types.NamespacedName) bool {
	for range 30 {
		m.mu.Lock()
		created := m.created[key]
		m.mu.Unlock()
		if created || ctx.Err() != nil {
			return true
		}
		wait(ctx, time.Second)
	}
	return false
}

// compare reads one run whole and compares it.
func (m *model) compare(ctx context.Context, r *run, is fate) {
	m.mu.Lock()
	m.checks++
	m.mu.Unlock()
	if is == mustNot {
		m.isGone(ctx, r)
		return
	}
	answer, err := m.run(ctx, r.namespace, r.name)
	log, logErr := "", error(nil)
	if err == nil {
		log, logErr = m.printed(ctx, r.namespace, r.name)
	}
	if is != must || m.fates(ctx, r.namespace, time.Now())[r] != must {
		return // it may have been removed meanwhile
	}
	switch {
	case err != nil:
		m.wrong("%v", err)
	case logErr != nil:
		m.wrong("%v", logErr)
	case answer.rest != r.answer.rest:
		m.wrong("%s/%s (archived: %v) was\n%s\nand is\n%s", r.namespace, r.name, answer.archived, r.answer.rest, answer.rest)
	case log != r.log:
		m.wrong("%s/%s (archived: %v): %s", r.namespace, r.name, answer.archived, difference(r.log, log))
	}
}

// difference describes how a log differs from what was printed.
func difference(printed, log string) string {
	want, got := strings.SplitAfter(printed, "\n"), strings.SplitAfter(log, "\n")
	n := 0
	for n < min(len(want), len(got)) && want[n] == got[n] {
		n++
	}
	after := func(lines []string) string { return strings.Join(lines[n:min(len(lines), n+2)], "") }
	return fmt.Sprintf("it printed %d bytes in %d lines, and its log has %d in %d; after line %d it printed %.300q, and the log has %.300q", len(printed), len(want)-1, len(log), len(got)-1, n, after(want), after(got))
}

// isGone checks that nothing of a run is left in the bucket.
func (m *model) isGone(ctx context.Context, r *run) {
	opened, err := bucket.Open(ctx, m.facadeDoor.url)
	if err != nil {
		m.wrong("%v", err)
		return
	}
	defer func() { _ = opened.Close() }()
	b := bucket.New(opened, m.log)
	for _, folder := range []string{r.namespace + "/" + string(r.uid) + "/", ".taskexec/" + m.identity + "/runs/" + r.namespace + "/" + r.name + "/"} {
		err := b.List(ctx, folder, "", func(o *blob.ListObject) error {
			return fmt.Errorf("%s is left", o.Key)
		})
		if err != nil {
			m.wrong("%s/%s was to be removed: %v", r.namespace, r.name, err)
		}
	}
}
