// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/backlog"
	"github.com/taskexec/taskexec/controllers/census"
	"github.com/taskexec/taskexec/controllers/queue"
)

// policy sets the Task's policy, with at most three active and five queued runs.
func (s *scene) policy(p v1alpha1.ConcurrencyPolicy) *scene {
	s.task(func(spec *v1alpha1.TaskSpec) {
		spec.Concurrency = &v1alpha1.ConcurrencySpec{Policy: p, MaxRunning: ptr.To[int32](3), MaxQueued: ptr.To[int32](5)}
	})
	if s.Queue != nil {
		s.Queue.Rules = census.RulesOf(s.Task)
	}
	return s
}

func (s *scene) queueTimeout(d time.Duration) *scene {
	return s.task(func(spec *v1alpha1.TaskSpec) { spec.QueueTimeout = &metav1.Duration{Duration: d} })
}

// place is the answer of the ledger.
func (s *scene) place(p queue.Answer) *scene {
	if s.Task != nil {
		p.Rules = census.RulesOf(s.Task)
	}
	s.Queue = &p
	return s
}

// queued sets a status that says Queued.
func (s *scene) queued(position int32, blocker v1alpha1.QueueBlocker, reason string) *scene {
	s.phase(v1alpha1.PhaseQueued, reason)
	s.Execution.Status.Queue = &v1alpha1.QueueStatus{Position: position, BlockedBy: blocker}
	s.Execution.Status.Message = "as it was"
	return s
}

func TestWaitForPlace(t *testing.T) {
	const q, forbid, replace = v1alpha1.ConcurrencyQueue, v1alpha1.ConcurrencyForbid, v1alpha1.ConcurrencyReplace
	byTask := queue.Answer{Position: 8, Occupancy: census.Occupancy{Active: 3}, Limit: 3, Active: []string{"a", "b", "c"}}
	byNamespace := queue.Answer{Position: 1, Occupancy: census.Occupancy{Blocked: v1alpha1.BlockedByNamespace}, Limit: 10}
	byController := queue.Answer{Position: 1, Occupancy: census.Occupancy{Blocked: v1alpha1.BlockedByController}, Limit: 20}
	full := byTask
	full.Occupancy.Queued = 5
	replacing := byTask
	replacing.Replaces = []types.NamespacedName{{Namespace: "ns", Name: "a"}, {Namespace: "ns", Name: "b"}}
	table{
		"its turn":                              {given().policy(q).place(queue.Answer{Granted: true}), "/ create", ""},
		"it waits":                              {given().policy(q).place(byTask), "Queued/ConcurrencyLimit", `position 8 in the queue of task "sync", which runs 3 at once: a, b, c`},
		"it waits until its queue clock":        {given().policy(q).queueTimeout(time.Hour).place(byTask), "Queued/ConcurrencyLimit in 59m0s", ""},
		"Allow with a bound waits too":          {given().policy("").place(byTask), "Queued/ConcurrencyLimit", ""},
		"for its namespace":                     {given().policy(q).place(byNamespace), "Queued/NamespaceLimit", `namespace "ns" runs 10 at once (--max-running-per-namespace)`},
		"for the controller":                    {given().place(byController), "Queued/ControllerLimit", "the controller runs 20 at once (--max-running)"},
		"a full queue":                          {given().policy(q).place(full), "Failed/QueueFull", "5 may wait"},
		"a full queue, in which it is":          {given().policy(q).queued(8, "Task", v1alpha1.ReasonConcurrencyLimit).place(full), "Queued/ConcurrencyLimit", ""},
		"Forbid":                                {given().policy(forbid).place(byTask), "Failed/ConcurrencyForbidden", `task "sync" runs 3 at once and forbids more (spec.concurrency): a, b, c`},
		"Forbid is not for others' limits":      {given().policy(forbid).place(byNamespace), "Queued/NamespaceLimit", ""},
		"Forbid does not reach those that wait": {given().policy(forbid).queued(8, "Task", v1alpha1.ReasonConcurrencyLimit).place(byTask), "Queued/ConcurrencyLimit", ""},
		"Replace":                               {given().policy(replace).place(replacing), "Queued/Replacing cancel:a cancel:b", "the runs that it replaces have ended: a, b, c"},
		"a cancel needs no turn":                {given().policy(q).cancelled().place(byTask), "Cancelled/Cancelled", "before its Job"},
		"bad params need no turn":               {given().policy(q).params(`[]`), "Failed/InvalidParams", ""},
	}.run(t)
}

func TestQueuePositionIsWrittenNowAndThen(t *testing.T) {
	at := func(position int) queue.Answer {
		return queue.Answer{Position: position, Occupancy: census.Occupancy{Active: 3}, Limit: 3}
	}
	const limit = v1alpha1.ReasonConcurrencyLimit
	for name, c := range map[string]struct {
		scene *scene
		want  int32
		says  string
	}{
		"at first":                  {given().place(at(100)), 100, "position 100"},
		"not at each step":          {given().queued(100, "Task", limit).place(at(99)), 100, "as it was"},
		"not much further on":       {given().queued(100, "Task", limit).place(at(26)), 100, "as it was"},
		"at a quarter":              {given().queued(100, "Task", limit).place(at(25)), 25, "position 25"},
		"not when it is put behind": {given().queued(100, "Task", limit).place(at(300)), 100, "as it was"},
		"when another limit binds":  {given().queued(100, "Namespace", v1alpha1.ReasonNamespaceLimit).place(at(99)), 99, "position 99"},
	} {
		t.Run(name, func(t *testing.T) {
			s := Decide(c.scene.policy(v1alpha1.ConcurrencyQueue).Observation).Status
			if s.Queue == nil || s.Queue.Position != c.want || s.Queue.BlockedBy != v1alpha1.BlockedByTask || len(s.Message) < len(c.says) || s.Message[:len(c.says)] != c.says {
				t.Errorf("queue %+v, message %q", s.Queue, s.Message)
			}
		})
	}
}

func TestSuspendedTask(t *testing.T) {
	suspend := func(s *scene) *scene { return s.task(func(spec *v1alpha1.TaskSpec) { spec.Suspended = true }) }
	table{
		"a new run is refused":            {suspend(given()), "Failed/TaskSuspended", `task "sync" is suspended`},
		"as is one that waited for it":    {suspend(given().phase(v1alpha1.PhasePending, v1alpha1.ReasonTaskNotFound)), "Failed/TaskSuspended", ""},
		"one that waits for its turn not": {suspend(given().queued(1, "Task", v1alpha1.ReasonConcurrencyLimit)), "Queued/ConcurrencyLimit create", ""},
		"nor one that has its Job":        {suspend(given()).job(), "Pending/JobCreated in 4m30s", ""},
		"a cancel goes before":            {suspend(given()).cancelled(), "Cancelled/Cancelled", ""},
	}.run(t)
	for name, c := range map[string]struct {
		scene *scene
		want  bool
	}{
		"an ordinary run":      {given(), false},
		"no task":              {lose(given()), false},
		"a suspended task":     {suspend(given()), true},
		"an overdue queue":     {given().queueTimeout(time.Second), true},
		"a queue that is open": {given().queueTimeout(time.Hour), false},
	} {
		if name == "no task" {
			c.scene.Task = nil
		}
		if got := EndsUnstarted(&c.scene.Observation); got != c.want {
			t.Errorf("%s ends unstarted: %t", name, got)
		}
	}
}

func TestLingers(t *testing.T) {
	ended := func(ago time.Duration) *v1alpha1.TaskExecutionStatus {
		return &v1alpha1.TaskExecutionStatus{Phase: v1alpha1.PhaseFailed, CompletionTime: ptr.To(metav1.NewTime(noon.Add(-ago)))}
	}
	for name, c := range map[string]struct {
		pod    func(*corev1.Pod)
		status *v1alpha1.TaskExecutionStatus
		want   time.Duration
	}{
		"a run that goes on":                     {runningFor(0), &v1alpha1.TaskExecutionStatus{}, 0},
		"its pod ended":                          {exited(0), ended(0), 0},
		"its pod goes on":                        {runningFor(0), ended(0), 55 * time.Second},
		"its pod goes on for long":               {runningFor(0), ended(54 * time.Second), time.Second},
		"its pod is not believed to go on":       {runningFor(0), ended(55 * time.Second), 0},
		"its pod was told to end, and may start": {func(p *corev1.Pod) { onNode(p); waiting("ContainerCreating")(p); marked("Cancelled", time.Minute)(p) }, ended(0), 55 * time.Second},
		"its pod never reached a node":           {func(*corev1.Pod) {}, ended(0), 0},
		"its pod is on a node that was lost":     {func(p *corev1.Pod) { onNode(p); phase(corev1.PodUnknown)(p) }, ended(time.Minute), 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := given().job().pod(c.pod)
			left, lingers := Lingers(&s.Observation, c.status)
			if left != c.want || lingers != (c.want > 0) {
				t.Errorf("lingers %t for %s, want %s", lingers, left, c.want)
			}
		})
	}
}

func TestPodGoesOn(t *testing.T) {
	deleted := func(ago time.Duration) func(*corev1.Pod) { // deletionTimestamp is the end of the grace period
		return func(p *corev1.Pod) {
			runningFor(time.Minute)(p)
			p.DeletionTimestamp = ptr.To(metav1.NewTime(noon.Add(-ago)))
		}
	}
	for name, c := range map[string]struct {
		pod  func(*corev1.Pod)
		want bool
	}{
		"it runs":                        {runningFor(time.Hour), true},
		"it ended":                       {exited(0), false},
		"it never reached a node":        {func(*corev1.Pod) {}, false},
		"it was deleted":                 {deleted(0), true},
		"its end is not long overdue":    {deleted(44 * time.Second), true},
		"its node does not answer, gone": {deleted(45 * time.Second), false},
	} {
		if got := PodGoesOn(given().pod(c.pod).Pods[0], noon); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// For an execution without its params, Decide asks for a place and builds no Job.
func TestCase49ParamsAreReadWhenItIsItsTurn(t *testing.T) {
	trimmed := func(s *scene) *scene {
		s.Trimmed = true
		return s
	}
	asks := func(s *scene) (turn, create bool) {
		plan := Decide(s.Observation)
		return plan.AskPlace, plan.Create != nil
	}
	const q, limit = v1alpha1.ConcurrencyQueue, v1alpha1.ReasonConcurrencyLimit
	byTask := queue.Answer{Position: 2, Occupancy: census.Occupancy{Active: 3}, Limit: 3}
	if turn, create := asks(trimmed(given().policy(q).queued(2, "Task", limit))); !turn || create {
		t.Errorf("before it is asked: turn %t, Job %t", turn, create)
	}
	if turn, create := asks(trimmed(given().policy(q).queued(2, "Task", limit)).place(byTask)); turn || create {
		t.Errorf("when it is not its turn: turn %t, Job %t", turn, create)
	}
	if turn, create := asks(given().policy(q).queued(2, "Task", limit).place(queue.Answer{Granted: true})); turn || !create {
		t.Errorf("when it was read whole: turn %t, Job %t", turn, create)
	}
}

// A run without room to wait fails, whatever it would wait for. A run that need not wait is not checked.
func TestCase49NoRoomToWait(t *testing.T) {
	full := func(s *scene) *scene {
		s.BacklogFull = &backlog.Full{Bound: backlog.BoundRuns, Namespace: "ns", Used: 7, Size: 1, Limit: 7}
		return s
	}
	byTask := queue.Answer{Position: 8, Occupancy: census.Occupancy{Active: 3}, Limit: 3}
	table{
		"for its turn":   {full(given().policy(v1alpha1.ConcurrencyQueue).place(byTask)), "Failed/NamespaceQueueFull", "7 runs wait, and at most 7 may"},
		"for its Task":   {full(withoutTask(given())), "Failed/NamespaceQueueFull", ""},
		"it has its Job": {full(given().job()), "Pending/JobCreated in 4m30s", ""},
		"a cancel":       {full(given().cancelled()), "Cancelled/Cancelled", ""},
	}.run(t)
	for name, c := range map[string]struct {
		scene *scene
		waits bool
	}{
		"it is new and waits for its turn": {given().policy(v1alpha1.ConcurrencyQueue).place(byTask), true},
		"it is new and waits for its Task": {withoutTask(given()), true},
		"it has waited before":             {given().policy(v1alpha1.ConcurrencyQueue).queued(8, "Task", v1alpha1.ReasonConcurrencyLimit).place(byTask), false},
		"its Job must be created":          {given(), false},
		"it has its Job":                   {given().job(), false},
		"it is cancelled":                  {given().cancelled(), false},
		"it fails":                         {given().params(`[]`), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Waits(&c.scene.Observation, Decide(c.scene.Observation)); got != c.waits {
				t.Errorf("it waits: %t", got)
			}
		})
	}
}
