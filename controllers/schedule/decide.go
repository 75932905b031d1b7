// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/logs/parse"
	"github.com/taskexec/taskexec/controllers/params"
)

// Observation is all that a decision about a schedule depends on.
type Observation struct {
	Now      time.Time
	Schedule *v1alpha1.TaskSchedule
	// Task is the Task that the schedule runs, or nil.
	Task *v1alpha1.Task
	// Origin is the verdict on who created and who changed the schedule. It is empty if the schedule does not say that,
	// or if the verdict is not known.
	Origin v1alpha1.Origin
}

// Run is one run to create.
type Run struct {
	// Tick is the scheduled time, without jitter.
	Tick time.Time
	// Due is the tick with jitter.
	Due       time.Time
	Execution *v1alpha1.TaskExecution
}

// Plan is what to do about a schedule now.
type Plan struct {
	// Runs are due, oldest first. They are at most catchUpLimit.
	Runs []Run
	// PassedOver are the first and the last skipped tick, or nil.
	PassedOver *[2]time.Time
	// Ready is the condition, without its type and generation.
	Ready metav1.Condition
	// Wait is the delay of the next reconcile. It is zero if only a change causes one.
	Wait time.Duration

	// from is the time after which ticks counted in this plan.
	from time.Time
	// next is when the run after those is due, or zero for never.
	next time.Time
	// observed is the schedule and time zone of this plan.
	observed string
	// origin is the verdict on who wrote the schedule.
	origin v1alpha1.Origin
}

// MaxWait is the longest time between two reconciles of a schedule, whenever its next tick is. So a clock that was set
// forward is noticed within that time.
const MaxWait = time.Minute

// maxAhead is how far in the future the last handled tick may be. If a clock was set back by less than this, the
// schedule waits until the clock has caught up, so that no tick is run twice. If it was set back by more, the clock was
// wrong before, and ticks count from now on.
const maxAhead = time.Hour

// Decide makes the plan of a schedule.
func Decide(o Observation) Plan {
	plan := Plan{observed: observedSchedule(&o.Schedule.Spec), origin: o.Origin}
	table, idle := hindrance(o)
	if idle != nil {
		plan.Ready = *idle
		return plan
	}
	plan.Ready = ready(v1alpha1.ReasonScheduled, "the next run is planned")
	plan.from = countedFrom(o, plan.observed)
	late := Lateness(o.Schedule)
	now := o.Now.Add(-late) // on the clock of ticks
	for _, tick := range dueTicks(o.Schedule, table, plan.from, now) {
		run := execution(o.Schedule, tick)
		markUser(run, cmp.Or(o.Origin, o.Schedule.Status.Origin))
		plan.Runs = append(plan.Runs, Run{Tick: tick, Due: tick.Add(late), Execution: run})
	}
	plan.PassedOver = passedOver(table, plan, now)
	following := now
	if plan.from.After(now) {
		following = plan.from
	}
	plan.next = table.Next(following).Add(late)
	plan.Wait = max(time.Millisecond, min(MaxWait, plan.next.Sub(o.Now)))
	return plan
}

// hindrance returns why no runs are created, or else the timetable. Errors in the schedule itself come first, then what
// its owner requested, then what others have to fix.
func hindrance(o Observation) (Timetable, *metav1.Condition) {
	spec := &o.Schedule.Spec
	if lost := o.Schedule.Undecoded.InSpec(); len(lost) > 0 {
		return Timetable{}, notReady(v1alpha1.ReasonUndecodable, lost.String())
	}
	expression, err := Parse(spec.Schedule)
	if err != nil {
		return Timetable{}, notReady(v1alpha1.ReasonInvalidSchedule, err.Error())
	}
	zone, err := LoadZone(spec.TimeZone)
	if err != nil {
		return Timetable{}, notReady(v1alpha1.ReasonInvalidTimeZone, err.Error())
	}
	if problems := labelProblems(jobspec.CheckRunLabels(spec.Labels)); problems != "" {
		return Timetable{}, notReady(v1alpha1.ReasonInvalidLabels, parse.Harmless(problems, maxMessage))
	}
	if spec.Suspend {
		// The owner requested this. Nothing is wrong, and a GitOps tool that waits for Ready should not wait.
		suspended := ready(v1alpha1.ReasonSuspended, "suspended: no runs are made")
		return Timetable{}, &suspended
	}
	if o.Task == nil {
		return Timetable{}, notReady(v1alpha1.ReasonTaskNotFound,
			fmt.Sprintf("task %q does not exist in namespace %q: no runs are made until it does", spec.TaskRef.Name, o.Schedule.Namespace))
	}
	if err := jobspec.CheckAllowed(o.Task, execution(o.Schedule, time.Time{})); err != nil {
		return Timetable{}, notReady(v1alpha1.ReasonNotAllowedByTask, parse.Harmless(err.Error(), maxMessage))
	}
	if problems := labelProblems(jobspec.ForbiddenLabels(o.Task, spec.Labels)); problems != "" {
		return Timetable{}, notReady(v1alpha1.ReasonNotAllowedByTask, parse.Harmless(problems, maxMessage))
	}
	if problems := paramProblems(o.Task, o.Schedule); len(problems) > 0 {
		return Timetable{}, notReady(v1alpha1.ReasonInvalidParams, parse.Harmless(fmt.Sprintf("task %q does not take the params: %v", o.Task.Name, problems), maxMessage))
	}
	return NewTimetable(expression, zone), nil
}

// labelProblems says what is wrong with the labels of a schedule. It is empty if nothing is.
func labelProblems(problems []jobspec.LabelProblem) string {
	var said []string
	for _, p := range problems {
		said = append(said, p.Error())
	}
	return strings.Join(said, "; ")
}

// paramProblems returns what is wrong with the params of a schedule. It returns nothing if the Task itself cannot be
// run, because its runs report that.
func paramProblems(task *v1alpha1.Task, s *v1alpha1.TaskSchedule) params.FieldErrors {
	var given []byte
	if s.Spec.Params != nil {
		given = s.Spec.Params.Raw
	}
	compiled, err := params.Of(task)
	if err != nil {
		return nil
	}
	if problems := params.Unstorable(given); len(problems) > 0 {
		return problems
	}
	effective, problems := compiled.Apply(given)
	if len(problems) > 0 {
		return problems
	}
	_, err = jobspec.Build(task, execution(s, time.Time{}), effective)
	var inCommand *jobspec.CommandLineError
	if err != nil && !errors.As(err, &inCommand) {
		return params.FieldErrors{{Message: err.Error()}}
	}
	return nil
}

func ready(reason, message string) metav1.Condition {
	return metav1.Condition{Status: metav1.ConditionTrue, Reason: reason, Message: message}
}

func notReady(reason, message string) *metav1.Condition {
	return &metav1.Condition{Status: metav1.ConditionFalse, Reason: reason, Message: message}
}

// maxMessage is in bytes. A condition may have 32768.
const maxMessage = 4096

// observedSchedule is the schedule and time zone to which the ticks in a status belong.
func observedSchedule(spec *v1alpha1.TaskScheduleSpec) string {
	if spec.TimeZone == "" {
		return spec.Schedule + " UTC"
	}
	return spec.Schedule + " " + spec.TimeZone
}

// Lateness returns how late the runs of a schedule are due after their ticks: its jitter.
func Lateness(s *v1alpha1.TaskSchedule) time.Duration {
	if s.Spec.Jitter == nil {
		return 0
	}
	return jitter(s.UID, s.Spec.Jitter.Duration)
}
