package lifecycle

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// world is a cluster with one execution in which anything may happen at any time: it is not faithful to
// Kubernetes, but worse. What must hold of a status must hold in it.
type world struct {
	*rand.Rand
	Observation
	// job that the API server has; Observation.Job is what is seen of it.
	job     *batchv1.Job
	created int
	logs    []v1alpha1.LogEntry
}

func newWorld(seed uint64) *world {
	w := &world{Rand: rand.New(rand.NewPCG(seed, 1)), Observation: given().Observation}
	w.Options.Language = Chinese
	if w.chance(2) {
		w.Task.Spec.Timeout = &metav1.Duration{Duration: w.seconds(60)}
	}
	if w.chance(4) {
		w.Task.Spec.StartTimeout = nil
	}
	w.Task.Spec.Logs.MaxEntries = int32(2 + w.IntN(20))
	w.Log = LogState{Drained: true}
	return w
}

func (w *world) chance(oneIn int) bool { return w.IntN(oneIn) == 0 }

func (w *world) seconds(atMost int) time.Duration {
	return time.Duration(1+w.IntN(atMost)) * time.Second
}

// happen lets time pass and things befall.
func (w *world) happen() {
	w.Now = w.Now.Add(time.Duration(w.IntN(20000)) * time.Millisecond)
	if w.chance(12) && w.Execution.Spec.Cancel == nil {
		w.Execution.Spec.Cancel = &v1alpha1.CancelRequest{Reason: "因为", RequestedBy: "ann"}
		w.Execution.Generation++
	}
	if w.chance(20) {
		w.Task = nil
	}
	w.Start = StartResult{}
	if w.job != nil {
		w.jobHappens()
	}
	w.logHappens()
	w.Observation.Job = w.job
}

func (w *world) jobHappens() {
	for _, pod := range w.Pods {
		if !podEnded(pod) {
			w.podHappens(pod)
		}
	}
	over := jobCondition(w.job, batchv1.JobComplete) != nil || jobCondition(w.job, batchv1.JobFailed) != nil
	switch {
	case over:
	case len(w.Pods) < maxPods && w.chance(3):
		pod := podOf()
		pod.Name = fmt.Sprintf("pod-%d", len(w.Pods))
		pod.UID = types.UID(fmt.Sprintf("%s-uid-%d", pod.Name, w.Uint32()))
		w.Pods = append(w.Pods, pod)
	case w.chance(8):
		condition := batchv1.JobComplete
		if w.chance(2) {
			condition = batchv1.JobFailed
		}
		w.job.Status.Conditions = append(w.job.Status.Conditions, batchv1.JobCondition{Type: condition, Status: corev1.ConditionTrue, Reason: "Any", Message: "any"})
	case w.chance(25):
		w.job.Spec.Suspend = ptr.To(!ptr.Deref(w.job.Spec.Suspend, false))
	case w.chance(40):
		w.job = nil
		return
	}
	w.job.Status.Failed = int32(w.IntN(len(w.Pods) + 1))
}

func (w *world) podHappens(pod *corev1.Pod) {
	began := func() metav1.Time { return metav1.NewTime(w.Now.Add(-w.seconds(90))) }
	switch w.IntN(9) {
	case 0:
		onNode(pod)
	case 1:
		onNode(pod)
		waiting("ErrImagePull")(pod)
	case 2, 3:
		onNode(pod)
		pod.Status.Phase = corev1.PodRunning
		containerIs(pod, corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: began()}})
	case 4:
		pod.Status.Phase = corev1.PodUnknown
	case 5, 6:
		code := int32(w.IntN(3))
		pod.Status.Phase = corev1.PodFailed
		if code == 0 {
			pod.Status.Phase = corev1.PodSucceeded
		}
		containerIs(pod, corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: "Error", StartedAt: began(), FinishedAt: metav1.NewTime(w.Now)}})
	case 7:
		if _, _, told := endMark(pod); told {
			killed(pod)
		}
	case 8:
		if len(pod.Status.ContainerStatuses) > 0 {
			pod.Status.ContainerStatuses[0].RestartCount++
		}
	}
}

func (w *world) logHappens() {
	if len(w.Pods) == 0 || w.Execution.Status.StartTime == nil {
		return
	}
	l := &w.Observation.Log
	for range w.IntN(6) {
		l.Lines++
		l.Bytes += 10
		l.Tail = append(l.Tail, v1alpha1.LogEntry{Timestamp: metav1.NewMicroTime(w.Now), Level: v1alpha1.LogInfo, Message: fmt.Sprint("line ", l.Lines)})
	}
	if over := len(l.Tail) - int(w.limits().MaxEntries); over > 0 {
		l.Tail, l.Dropped = slices.Clone(l.Tail[over:]), l.Dropped+int64(over)
	}
	l.Streams, l.Due = len(w.Pods), w.chance(3)
	l.Drained, l.GaveUp, l.Waited = w.chance(4), "", time.Duration(w.IntN(4))*time.Second
	if !l.Drained && w.chance(8) {
		l.GaveUp = v1alpha1.ReasonLogsUnavailable
	}
}

func (w *world) limits() jobspec.Limits {
	if w.job == nil {
		return jobspec.Limits{MaxEntries: 21, MaxBytes: 16 << 10}
	}
	l, _ := jobspec.LimitsOf(w.job)
	return l
}

// apply does what is planned, and at times fails to.
func (w *world) apply(p Plan) (again bool) {
	for _, pod := range p.End {
		if !w.chance(4) {
			marked(p.EndReason, noon.Sub(w.Now))(pod)
		}
	}
	if p.DeleteJob && !w.chance(4) {
		w.job = nil
	}
	if p.Create != nil {
		switch w.IntN(6) {
		case 0:
			w.Start = StartResult{StartRefused, "exceeded quota"}
		case 1:
			w.Start = StartResult{StartInvalid, "spec.template: Invalid"}
		default:
			w.created++
			w.job = p.Create
			w.job.UID = types.UID(fmt.Sprintf("job-%d", w.created))
			w.job.CreationTimestamp = metav1.NewTime(w.Now)
		}
		w.Observation.Job = w.job
		return true
	}
	return false
}

// step decides once, as the reconciler does, and gives the plan that was reported.
func (w *world) step(t *testing.T) Plan {
	t.Helper()
	plan := Decide(w.Observation)
	checkCreate(t, w, plan)
	if w.apply(plan) {
		plan = Decide(w.Observation)
		if plan.Create != nil {
			t.Error("a Job is to be created whose creation was answered")
		}
		w.apply(plan)
	}
	return plan
}

// Whatever happens, each status keeps these promises.
func TestInvariants(t *testing.T) {
	phases := map[v1alpha1.Phase]int{}
	for seed := range uint64(3000) {
		ok := t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := newWorld(seed)
			for step := range 25 {
				if step > 0 {
					w.happen()
				}
				before := *w.Execution.Status.DeepCopy()
				plan := w.step(t)
				if !equality.Semantic.DeepEqual(before, w.Execution.Status) {
					t.Error("deciding changed the execution, which is the cache's")
				}
				check(t, w, before, plan)
				if plan.Status.Logs != nil {
					w.logs = plan.Status.Logs
				}
				w.Execution.Status = plan.Status
				w.Execution.Status.Logs = nil // the cache keeps executions without
				if t.Failed() {
					t.Fatalf("in step %d", step)
				}
			}
			phases[w.Execution.Status.Phase]++
		})
		if !ok {
			break // one example is enough to read
		}
	}
	for _, p := range []v1alpha1.Phase{v1alpha1.PhaseCompleted, v1alpha1.PhaseFailed, v1alpha1.PhaseCancelled} {
		if phases[p] < 100 && !t.Failed() {
			t.Errorf("the worlds are too kind: %v", phases)
		}
	}
}

func checkCreate(t *testing.T, w *world, plan Plan) {
	t.Helper()
	if plan.Create == nil {
		return
	}
	e := w.Execution
	if w.Observation.Job != nil || e.Status.Job != nil || e.Status.Phase.IsTerminal() || e.Spec.Cancel != nil || e.DeletionTimestamp != nil {
		t.Errorf("a Job is created in %s/%s, Job %v, cancel %v", e.Status.Phase, e.Status.Reason, e.Status.Job, e.Spec.Cancel)
	}
	if w.created > 0 {
		t.Error("a second Job is created")
	}
}

func check(t *testing.T, w *world, before v1alpha1.TaskExecutionStatus, plan Plan) {
	t.Helper()
	checkPhase(t, w, before, plan)
	held := equality.Semantic.DeepEqual(before, plan.Status)
	if !held {
		checkConditions(t, w, plan.Status)
	}
	if plan.Status.Logs != nil {
		checkLogs(t, w, plan.Status)
	}
	s := plan.Status
	if len(s.Pods) > maxPods {
		t.Errorf("%d pods", len(s.Pods))
	}
	if s.Attempts < before.Attempts {
		t.Errorf("%d attempts became %d", before.Attempts, s.Attempts)
	}
	if before.StartTime != nil && !before.StartTime.Equal(s.StartTime) {
		t.Errorf("the start was %s and is %s", before.StartTime, s.StartTime)
	}
	if before.Job != nil && *before.Job != *s.Job {
		t.Errorf("the Job was %v and is %v", before.Job, s.Job)
	}
	if before.Task != nil && *before.Task != *s.Task {
		t.Errorf("the Task was %v and is %v", before.Task, s.Task)
	}
	for _, pod := range plan.End {
		if podEnded(pod) || plan.EndReason == "" {
			t.Errorf("pod %s is to be ended for %q", pod.Name, plan.EndReason)
		}
	}
	if plan.DeleteJob && w.Observation.Job == nil && w.job != nil {
		t.Error("a Job is deleted that was not seen")
	}
}

func checkPhase(t *testing.T, w *world, before v1alpha1.TaskExecutionStatus, plan Plan) {
	t.Helper()
	s := plan.Status
	switch {
	case before.Phase.IsTerminal():
		if s.Phase != before.Phase || s.Reason != before.Reason || s.Message != before.Message || s.Duration != before.Duration || !s.CompletionTime.Equal(before.CompletionTime) {
			t.Errorf("the end was %s/%s %q at %s and is %s/%s %q at %s",
				before.Phase, before.Reason, before.Message, before.CompletionTime, s.Phase, s.Reason, s.Message, s.CompletionTime)
		}
	case s.Phase.IsTerminal():
		if w.Execution.Spec.Cancel != nil && s.Phase != v1alpha1.PhaseCancelled {
			t.Errorf("an accepted cancel ended as %s/%s", s.Phase, s.Reason)
		}
		if w.Execution.Spec.Cancel == nil && s.Phase == v1alpha1.PhaseCancelled {
			t.Error("nobody cancelled this")
		}
		if s.CompletionTime == nil || (s.StartTime != nil && s.CompletionTime.Before(s.StartTime)) {
			t.Errorf("from %s to %s", s.StartTime, s.CompletionTime)
		}
	case s.CompletionTime != nil:
		t.Errorf("%s has an end", s.Phase)
	case rank(s.Phase) < rank(before.Phase):
		t.Errorf("%s after %s", s.Phase, before.Phase)
	case waitsForEver(w, plan):
		t.Errorf("%s/%s waits, and no event need come", s.Phase, s.Reason)
	}
	if s.Phase == v1alpha1.PhaseCancelling && w.Execution.Spec.Cancel == nil {
		t.Error("nobody cancels this")
	}
	if len(s.Message) > maxMessage || !utf8.ValidString(s.Message) {
		t.Errorf("a message of %d bytes", len(s.Message))
	}
}

func rank(p v1alpha1.Phase) int {
	return slices.Index([]v1alpha1.Phase{"", v1alpha1.PhasePending, v1alpha1.PhaseRunning, v1alpha1.PhaseCancelling}, p)
}

// waitsForEver tells of a plan after which nobody need look again. What must come is an event of the Job: its
// controller makes a pod, counts one that ended, or a kubelet starts and ends what the pod has, where no clock
// was asked for.
func waitsForEver(w *world, plan Plan) bool {
	if plan.Requeue > 0 || plan.Create != nil {
		return false
	}
	if plan.Status.Phase == v1alpha1.PhaseCancelling || w.Observation.Job == nil {
		return true
	}
	o := &w.Observation
	f := gather(o)
	return (f.started.IsZero() && f.limits.StartTimeout != nil) || (!f.started.IsZero() && f.limits.Timeout != nil)
}

// conditionReason is what the API server takes for a reason (metav1.Condition).
var conditionReason = regexp.MustCompile(`^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$`)

func checkConditions(t *testing.T, w *world, s v1alpha1.TaskExecutionStatus) {
	t.Helper()
	if s.ObservedGeneration != w.Execution.Generation {
		t.Errorf("it speaks of generation %d of %d", s.ObservedGeneration, w.Execution.Generation)
	}
	succeeded := map[v1alpha1.Phase]metav1.ConditionStatus{
		v1alpha1.PhaseCompleted: metav1.ConditionTrue, v1alpha1.PhaseFailed: metav1.ConditionFalse, v1alpha1.PhaseCancelled: metav1.ConditionFalse,
	}[s.Phase]
	if succeeded == "" {
		succeeded = metav1.ConditionUnknown
	}
	if !apimeta.IsStatusConditionPresentAndEqual(s.Conditions, v1alpha1.ConditionSucceeded, succeeded) {
		t.Errorf("%s is not Succeeded=%s", s.Phase, succeeded)
	}
	for conditionType, want := range map[string]bool{
		v1alpha1.ConditionReconciling:  !s.Phase.IsTerminal(),
		v1alpha1.ConditionStalled:      s.Phase == v1alpha1.PhaseFailed,
		v1alpha1.ConditionLogsCaptured: s.Phase.IsTerminal(),
	} {
		c := apimeta.FindStatusCondition(s.Conditions, conditionType)
		if (c != nil) != want || (c != nil && conditionType != v1alpha1.ConditionLogsCaptured && c.Status != metav1.ConditionTrue) {
			t.Errorf("%s has %s: %v", s.Phase, conditionType, c)
		}
	}
	for _, c := range s.Conditions {
		if c.ObservedGeneration != s.ObservedGeneration || !conditionReason.MatchString(c.Reason) || c.LastTransitionTime.IsZero() || !utf8.ValidString(c.Message) {
			t.Errorf("condition %+v", c)
		}
	}
}

func checkLogs(t *testing.T, w *world, s v1alpha1.TaskExecutionStatus) {
	t.Helper()
	limits := w.limits()
	raw, err := json.Marshal(s.Logs)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Logs) > limits.MaxEntries || int64(len(raw)) > limits.MaxBytes+2 {
		t.Errorf("%d entries of %d bytes", len(s.Logs), len(raw))
	}
	if s.StartTime != nil && (len(s.Logs) == 0 || !regexp.MustCompile(`^开始执行任务`).MatchString(s.Logs[0].Message)) {
		t.Errorf("the first entry is gone: %q", messagesOf(s.Logs))
	}
	if s.LogSummary == nil || s.LogSummary.DroppedEntries > s.LogSummary.Entries {
		t.Errorf("summary %+v", s.LogSummary)
	}
}
