// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/census"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/queue"
)

// stamped gives the execution, which was created a minute before noon, a request some time before its creation.
func (s *scene) stamped(before time.Duration) *scene {
	jobspec.Stamp(s.Execution, s.Execution.CreationTimestamp.Add(-before), "here")
	s.Options.Clusters = []string{"here", "here-uid"}
	return s
}

// past adds the original of the execution.
func (s *scene) past(p PastRun) *scene {
	p.Name = types.NamespacedName{Namespace: s.Execution.Namespace, Name: s.Execution.Name}
	s.Past = &p
	return s
}

func (s *scene) in(clusters ...string) *scene {
	s.Options.Clusters = clusters
	return s
}

func waitingForArchive(s *scene) *scene {
	s.PastWait = 3 * time.Second
	return s
}

var completed = PastRun{UID: "earlier", Phase: v1alpha1.PhaseCompleted, Reason: v1alpha1.ReasonCompleted, Ended: noon.Add(-time.Hour)}

func TestCase64CopyDoesNotRun(t *testing.T) {
	same := completed
	same.UID = "execution-uid" // that of the fixture
	deleted := PastRun{UID: "earlier", Phase: v1alpha1.PhaseRunning}
	const copied = "Failed/RestoredCopy"
	recorded := func(s *scene) *scene {
		s.Execution.Status.Job = &v1alpha1.JobIdentity{Name: "job", UID: "job-of-the-original"}
		return s
	}
	table{
		"an ordinary run of the facade":                {given().stamped(time.Second), "/ create", ""},
		"a slow request":                               {given().stamped(CopyAfter), "/ create", ""},
		"the facade's clock is ahead":                  {given().stamped(-time.Hour), "/ create", ""},
		"created much later":                           {given().stamped(CopyAfter + time.Second), copied, "created 5m1s after it was requested (unless the clocks"},
		"created much later, of a known run":           {given().stamped(3 * time.Hour).past(completed), copied, "ended as Completed (Completed) at 2026-01-02T11:00:00Z"},
		"created soon after the known run":             {given().stamped(time.Second).past(completed), copied, "an execution with the same name and time of request existed before"},
		"created soon after one that was deleted":      {given().stamped(time.Second).past(deleted), copied, "(UID earlier) was deleted while it was Running"},
		"the store went back in time":                  {given().stamped(time.Second).past(same), copied, "the cluster was restored to an earlier state"},
		"from another cluster":                         {given().stamped(time.Second).in("there"), copied, "requested in the cluster here, and this is the cluster there"},
		"this cluster is not known":                    {given().stamped(time.Second).in(), "/ create", ""},
		"this cluster has got a name since":            {given().stamped(time.Second).in("blue", "here"), "/ create", ""},
		"it says what to do":                           {given().stamped(time.Hour), copied, "POST /tasks/executions/run/rerun"},
		"restored with a status that waited":           {given().stamped(time.Hour).queued(3, v1alpha1.BlockedByTask, v1alpha1.ReasonConcurrencyLimit), copied, ""},
		"restored with a status that ran":              {recorded(given().stamped(time.Hour).phase(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)), copied, ""},
		"restored with a status that ended":            {ends(given().stamped(time.Hour), v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted), "Completed/Completed", ""},
		"restored with its cancel":                     {given().stamped(time.Hour).cancelled(), "Cancelled/Cancelled", ""},
		"without its Task":                             {withoutTask(given().stamped(time.Hour)), copied, ""},
		"the archive is being asked":                   {waitingForArchive(given().stamped(time.Hour)), "/ in 3s", ""},
		"the archive is being asked about an old run":  {waitingForArchive(given().stamped(time.Second)), "/ in 3s", ""},
		"a run that has its Job is none":               {given().stamped(time.Hour).past(completed).job(), "Pending/JobCreated in 4m30s", ""},
		"kubectl's run, applied again":                 {given(), "/ create", ""},
		"kubectl's run, whatever the archive may have": {given().past(completed), "/ create", ""},
	}.run(t)
}

func ends(s *scene, phase v1alpha1.Phase, reason string) *scene {
	s.Execution.Status.CompletionTime = ptr.To(metav1.NewTime(noon.Add(-time.Hour)))
	return s.phase(phase, reason)
}

// A copy takes no place and no room: what a run with a place would do comes later.
func TestCopyTakesNoPlace(t *testing.T) {
	waits := queue.Answer{Position: 7, Occupancy: census.Occupancy{Active: 3}, Limit: 3}
	table{
		"a copy in a queue":         {given().stamped(time.Hour).policy(v1alpha1.ConcurrencyQueue).place(waits), "Failed/RestoredCopy", ""},
		"a copy that would replace": {given().stamped(time.Hour).policy(v1alpha1.ConcurrencyReplace).place(waits), "Failed/RestoredCopy", ""},
	}.run(t)
	if o := &given().stamped(time.Hour).Observation; !EndsUnstarted(o) {
		t.Error("nobody asks the API server for the Job of a new execution that ends as a copy")
	}
}

// The archive is asked about runs only whose creation is unusual. An ordinary run costs no request.
func TestWhatTheArchiveIsAskedAbout(t *testing.T) {
	for name, c := range map[string]struct {
		scene *scene
		seen  time.Duration // after the creation
		want  bool
	}{
		"just created":                        {given().stamped(time.Second), time.Second, false},
		"created after a slow request":        {given().stamped(20 * time.Second), time.Second, true},
		"first seen long after its creation":  {given().stamped(time.Second), 2 * time.Minute, true},
		"from another cluster":                {given().stamped(time.Second).in("there"), time.Second, true},
		"the controller's clock is behind":    {given().stamped(time.Second), -time.Hour, false},
		"requested in a cluster without name": {given().stamped(time.Second).in(), time.Second, false},
	} {
		e := c.scene.Execution
		if got := AsksPast(e, e.CreationTimestamp.Add(c.seen), c.scene.Options.Clusters); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestWhatMayBeACopy(t *testing.T) {
	for name, c := range map[string]struct {
		scene *scene
		want  bool
	}{
		"a stamped run":       {given().stamped(0), true},
		"kubectl's run":       {given(), false},
		"one that has ended":  {ends(given().stamped(0), v1alpha1.PhaseFailed, v1alpha1.ReasonJobLost), false},
		"a cancelled one":     {given().stamped(0).cancelled(), false},
		"one being deleted":   {beingDeleted(given().stamped(0)), false},
		"with a cluster only": {withoutTime(given().stamped(0)), true},
	} {
		if got := MayBeCopy(c.scene.Execution); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func beingDeleted(s *scene) *scene {
	s.Execution.DeletionTimestamp = ptr.To(metav1.NewTime(noon))
	return s
}

func withoutTime(s *scene) *scene {
	s.Execution.Spec.Trigger.Time = nil
	return s
}

func TestWhichPastRunIsTheOriginal(t *testing.T) {
	e := given().stamped(time.Second).Execution
	name := types.NamespacedName{Namespace: "ns", Name: "run"}
	requested := e.Spec.Trigger.Time.Time
	for what, c := range map[string]struct {
		past PastRun
		want bool
	}{
		"the same request":             {PastRun{Name: name, UID: "other", Requested: requested}, true},
		"the same request, no UID":     {PastRun{Name: name, Requested: requested.In(time.FixedZone("", 3600))}, true},
		"the same UID":                 {PastRun{Name: name, UID: e.UID}, true},
		"another request of that name": {PastRun{Name: name, UID: "other", Requested: requested.Add(time.Microsecond)}, false},
		"a run that kubectl made":      {PastRun{Name: name, UID: "other"}, false},
		"another name":                 {PastRun{Name: types.NamespacedName{Namespace: "ns", Name: "other"}, UID: e.UID, Requested: requested}, false},
		"another namespace":            {PastRun{Name: types.NamespacedName{Namespace: "other", Name: "run"}, UID: e.UID}, false},
	} {
		if got := PastOf(e, []PastRun{{}, c.past}); (got != nil) != c.want {
			t.Errorf("%s: %+v", what, got)
		}
	}
	if got := PastOf(given().Execution, []PastRun{{Name: name}}); got != nil {
		t.Errorf("of a run without a time: %+v", got)
	}
}

// A restore brings back runs without their Jobs, Jobs without their runs, and a status that is older than the Job. None
// of them starts a run a second time.
func TestCase64RestoredHalves(t *testing.T) {
	older := func(phase v1alpha1.Phase, reason string) *scene { // the status does not know the Job yet
		s := given().stamped(time.Second).job().phase(phase, reason)
		s.Execution.Status.Job = nil
		return s
	}
	ofAnother := func() *scene { // the Job of another life of the run
		s := given().stamped(time.Second).job().phase(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
		s.Execution.Status.Job.UID = "another-job"
		return s
	}
	gone := func(s *scene) *scene {
		s.Job = nil
		return s
	}
	same := completed
	same.UID = "execution-uid" // that of the fixture
	table{
		"a run whose Job is gone":                          {gone(given().stamped(time.Second).job()), "Failed/JobLost", "not started again"},
		"kubectl's run whose Job is gone":                  {gone(given().job()), "Failed/JobLost", "not started again"},
		"a run whose Job is another one":                   {ofAnother(), "Failed/JobLost", "not started again"},
		"a new status, and a Job that has completed":       {older("", "").pod(exited(0)).counted(1, 0).jobEnds(batchv1.JobComplete, ""), "Completed/Completed", ""},
		"a status that waits, and a Job that runs":         {older(v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit).pod(runningFor(time.Second)), "Running/ContainerStarted", ""},
		"a status that waits, and a Job that has failed":   {older(v1alpha1.PhasePending, v1alpha1.ReasonJobRefused).pod(exited(3)).counted(0, 1).jobEnds(batchv1.JobFailed, "x"), "Failed/NonZeroExit", ""},
		"a status that ended, without its Job":             {gone(ends(given().stamped(time.Second).job(), v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)), "Completed/Completed", ""},
		"a status that waits, without a Job, in time":      {given().stamped(time.Second).policy(v1alpha1.ConcurrencyQueue).phase(v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit), "Queued/ConcurrencyLimit create", ""},
		"a Job that is back, and the archive has the end":  {given().stamped(time.Second).job().phase(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted).pod(runningFor(time.Second)).past(same), "Running/ContainerStarted delete-job", ""},
		"it is back in a status that waits":                {older(v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit).pod(runningFor(time.Second)).past(same), "Queued/ConcurrencyLimit delete-job", ""},
		"it is back and goes":                              {gone(given().stamped(time.Second).job().phase(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)).past(same), "Failed/RestoredCopy", "ended as Completed (Completed)"},
		"it is back and has ended":                         {older("", "").pod(exited(0)).counted(1, 0).jobEnds(batchv1.JobComplete, "").past(same), "Completed/Completed", ""},
		"the archive has another run's end":                {given().stamped(time.Second).job().phase(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted).pod(runningFor(time.Second)).past(completed), "Running/ContainerStarted", ""},
		"a status that waits, and the archive has the end": {given().stamped(time.Second).phase(v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit).past(PastRun{UID: "execution-uid", Phase: v1alpha1.PhaseFailed, Reason: v1alpha1.ReasonNonZeroExit}), "Failed/RestoredCopy", "ended as Failed (NonZeroExit)"},
	}.run(t)
}
