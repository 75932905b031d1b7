// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package clusters

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/controllers"
	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/records"
)

// in is the namespace of the runs whose etcd goes back in time.
const in = "team-a"

// past is a cluster whose etcd goes back in time.
type past struct {
	*cluster
	// node is the present one, and before the one that the runs had before the restore.
	node, before *node
	records      *records.Reader
	// runs are by what the test calls them.
	runs map[string]*v1alpha1.TaskExecution
	// ticked has the names of the runs that the schedule made before the restore, and restored is when that was.
	ticked   map[string]bool
	restored time.Time
}

// A cluster is saved, and goes on: runs end, their Jobs go, and new runs are made. A week later its etcd is restored. Nothing that ran
// runs again, each run that the restore left half done has the end that docs/operating/backup.md says, and a schedule makes up for no
// more than its limit.
func TestCase64RestoreOfEtcd(t *testing.T) {
	s := newStore(t)
	p := &past{cluster: newCluster(t, s, "restored", "", func(o *controllers.Options) { o.KeepUnarchivedJob = 2 * time.Second }), runs: map[string]*v1alpha1.TaskExecution{}, ticked: map[string]bool{}}
	opened, err := bucket.Open(t.Context(), p.facadeDoor.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	p.records = records.NewReader(bucket.New(opened, logr.Discard()), records.Cluster(p.identity), 1<<20)
	p.node = startNode(t, p.cluster, *seed, nil)
	p.startController()
	p.startFacade()
	data, saved := t.TempDir(), t.TempDir()
	p.untilSaved(t)
	p.save(t, data, saved)
	later := p.goesOn(t, data)
	p.comesBack(t, saved)
	p.endsAsDocumented(t, later)
}

// task creates a task whose container sleeps.
func (p *past) task(t *testing.T, name, sleeps string, changes ...func(*v1alpha1.Task)) {
	t.Helper()
	task := &v1alpha1.Task{ObjectMeta: metav1.ObjectMeta{Namespace: in, Name: name}}
	task.Spec.Retention.TTL = &metav1.Duration{Duration: 1000 * time.Hour}
	task.Spec.JobTemplate.Spec.Template.Spec.Containers = []corev1.Container{{Name: "main", Image: "busybox:1.37", Command: []string{"sleep", sleeps}}}
	for _, change := range changes {
		change(task)
	}
	if err := p.kube.Create(t.Context(), task); err != nil {
		t.Fatal(err)
	}
}

// execute runs a task over REST. name is what the test calls the run.
func (p *past) execute(t *testing.T, name, task string) {
	t.Helper()
	var started submit.Started
	p.eventually("the facade knows the task "+task, func() bool {
		status, answer, err := p.call(t.Context(), http.MethodPost, in, "/tasks/"+task+"/execute/api", "")
		return err == nil && status/100 == 2 && json.Unmarshal([]byte(answer), &started) == nil
	})
	p.runs[name] = &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: in, Name: started.ExecutionID}}
	p.read(t, name)
}

// read reads a run from the API server.
func (p *past) read(t *testing.T, name string) *v1alpha1.TaskExecution {
	t.Helper()
	e := p.runs[name]
	if err := p.kube.Get(t.Context(), client.ObjectKeyFromObject(e), e); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return e
}

// is waits until a run has a phase and a reason, any if that is empty.
func (p *past) is(t *testing.T, name string, phase v1alpha1.Phase, reason string) *v1alpha1.TaskExecution {
	t.Helper()
	var e *v1alpha1.TaskExecution
	deadline := time.Now().Add(patience)
	for {
		if e = p.read(t, name); e.Status.Phase == phase && (reason == "" || e.Status.Reason == reason) {
			return e
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is %s (%s: %s), want %s (%s)", name, e.Status.Phase, e.Status.Reason, e.Status.Message, phase, reason)
		}
		wait(t.Context(), 200*time.Millisecond)
	}
}

// untilSaved brings runs into the states in which the snapshot has them.
func (p *past) untilSaved(t *testing.T) {
	t.Helper()
	const active = "45s"
	p.task(t, "quick", "1s")
	p.task(t, "slow", active)
	p.task(t, "line", active, func(task *v1alpha1.Task) {
		task.Spec.Concurrency = &v1alpha1.ConcurrencySpec{Policy: v1alpha1.ConcurrencyQueue, MaxRunning: ptr.To(int32(1))}
	})
	p.task(t, "ticks", "100ms")
	schedule := &v1alpha1.TaskSchedule{ObjectMeta: metav1.ObjectMeta{Namespace: in, Name: "often"}}
	schedule.Spec.TaskRef.Name, schedule.Spec.Schedule, schedule.Spec.CatchUpLimit = "ticks", "*/5 * * * * *", 3
	if err := p.kube.Create(t.Context(), schedule); err != nil {
		t.Fatal(err)
	}
	p.execute(t, "ended", "quick")
	p.isRecorded(t, "ended")
	p.execute(t, "in line", "line")
	p.is(t, "in line", v1alpha1.PhaseRunning, "")
	p.execute(t, "queued", "line")
	p.is(t, "queued", v1alpha1.PhaseQueued, "")
	for _, name := range []string{"running", "status older than its Job", "Job is gone", "run is gone", "ended, and status older than its Job"} {
		p.execute(t, name, "slow")
		p.is(t, name, v1alpha1.PhaseRunning, "")
	}
	waits := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: in, Name: "waits"}}
	waits.Spec.TaskRef.Name = "absent"
	if err := p.kube.Create(t.Context(), waits); err != nil {
		t.Fatal(err)
	}
	p.runs["waits"] = waits
	p.is(t, "waits", v1alpha1.PhasePending, "")
}

// save makes a snapshot: two statuses in it are older than their Jobs, and one run is gone while its Job is still there. etcd is
// stopped while its data directory is copied.
func (p *past) save(t *testing.T, data, saved string) {
	t.Helper()
	if err := p.stopController(); err != nil {
		t.Error(err)
	}
	p.node.stop()
	for _, name := range []string{"status older than its Job", "ended, and status older than its Job"} {
		e := p.read(t, name)
		e.Status = v1alpha1.TaskExecutionStatus{}
		if err := p.kube.Status().Update(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.kube.Delete(t.Context(), p.runs["run is gone"].DeepCopy()); err != nil { // and no garbage collector has seen it yet
		t.Fatal(err)
	}
	p.stop()
	for _, to := range []string{data, saved} {
		if err := os.CopyFS(to, os.DirFS(p.dataDir)); err != nil {
			t.Fatal(err)
		}
	}
}

// goesOn lets the cluster go on after the snapshot, until all that runs has ended and is recorded, and the Jobs are gone. Two runs are
// deleted before they end, so that nothing records them. It returns a run that the snapshot does not have.
func (p *past) goesOn(t *testing.T, data string) (later *v1alpha1.TaskExecution) {
	t.Helper()
	p.startAPI(data)
	p.node = startNode(t, p.cluster, *seed+1, p.node)
	for _, name := range []string{"status older than its Job", "Job is gone"} {
		if err := p.kube.Delete(t.Context(), p.runs[name].DeepCopy()); err != nil {
			t.Fatal(err)
		}
	}
	p.startController()
	p.startFacade()
	p.execute(t, "later", "quick")
	for _, name := range []string{"later", "in line", "queued", "running", "ended, and status older than its Job"} {
		p.isRecorded(t, name)
	}
	suspended := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"suspend":true}}`))
	if err := p.kube.Patch(t.Context(), &v1alpha1.TaskSchedule{ObjectMeta: metav1.ObjectMeta{Namespace: in, Name: "often"}}, suspended); err != nil {
		t.Fatal(err)
	}
	p.eventually("all has ended and is recorded", func() bool {
		jobs, left := &batchv1.JobList{}, &v1alpha1.TaskExecutionList{}
		if p.kube.List(t.Context(), jobs) != nil || p.kube.List(t.Context(), left) != nil {
			return false
		}
		if len(jobs.Items) > 0 {
			return false
		}
		for i := range left.Items {
			if left.Items[i].Annotations[v1alpha1.AnnotationScheduledAt] != "" {
				p.ticked[left.Items[i].Name] = true
			}
		}
		return !slices.ContainsFunc(left.Items, func(e v1alpha1.TaskExecution) bool {
			record, err := p.records.GetByUID(t.Context(), in, e.Name, e.UID)
			return e.Name != "waits" && (!lifecycle.LogIsFinal(&e) || record == nil || err != nil)
		})
	})
	p.stop()
	return p.runs["later"]
}

func (p *past) isRecorded(t *testing.T, name string) {
	t.Helper()
	p.eventually(name+" is recorded", func() bool {
		record, err := p.records.GetByUID(t.Context(), in, p.runs[name].Name, p.runs[name].UID)
		return err == nil && record != nil
	})
}

// comesBack restores the snapshot a week later. One Job in it is deleted before the controller starts. The nodes know no container of
// that time any more.
func (p *past) comesBack(t *testing.T, saved string) {
	t.Helper()
	p.startAPI(saved)
	p.restored = time.Now().Truncate(time.Second)
	if aged := p.age(t, 7*24*time.Hour); aged < len(p.runs) {
		t.Fatalf("only %d objects are in etcd", aged)
	}
	key := client.ObjectKeyFromObject(p.runs["Job is gone"])
	p.eventually("the API server shows the restored state", func() bool {
		e := &v1alpha1.TaskExecution{}
		return p.kube.Get(t.Context(), key, e) == nil && time.Since(e.CreationTimestamp.Time) > 24*time.Hour
	})
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: in, Name: p.read(t, "Job is gone").Status.Job.Name}}
	if err := p.kube.Delete(t.Context(), job, client.PropagationPolicy(metav1.DeletePropagationBackground)); err != nil {
		t.Fatal(err)
	}
	p.before, p.node = p.node, startNode(t, p.cluster, *seed+2, nil)
	p.startController()
	p.startFacade()
}

func (p *past) endsAsDocumented(t *testing.T, later *v1alpha1.TaskExecution) {
	t.Helper()
	for _, name := range []string{"running", "in line", "queued", "ended, and status older than its Job"} {
		e := p.is(t, name, v1alpha1.PhaseFailed, v1alpha1.ReasonRestoredCopy)
		if !strings.Contains(e.Status.Message, "ended as Completed (Completed)") {
			t.Errorf("%s says %q", name, e.Status.Message)
		}
		record, err := p.records.GetByUID(t.Context(), in, e.Name, e.UID)
		if err != nil || record.Execution.Status.Phase != v1alpha1.PhaseCompleted {
			t.Errorf("%s is recorded as %+v (%v)", name, record, err)
		}
	}
	p.logIsWhole(t, "running")
	p.logIsWhole(t, "queued")
	if p.node.programOf(p.runs["queued"].UID) != nil {
		t.Error("the run that waited has run again")
	}
	p.is(t, "Job is gone", v1alpha1.PhaseFailed, v1alpha1.ReasonJobLost)
	p.is(t, "status older than its Job", v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
	p.is(t, "ended", v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
	p.is(t, "waits", v1alpha1.PhaseFailed, "")
	if p.node.programOf(p.runs["ended"].UID) != nil {
		t.Error("the run that had ended has run again")
	}
	p.eventually("the Job whose run is gone is gone", func() bool {
		jobs := &batchv1.JobList{}
		return p.kube.List(t.Context(), jobs, client.MatchingLabels{v1alpha1.LabelExecutionUID: string(p.runs["run is gone"].UID)}) == nil && len(jobs.Items) == 0
	})
	if err := p.kube.Get(t.Context(), client.ObjectKeyFromObject(later), &v1alpha1.TaskExecution{}); !apierrors.IsNotFound(err) {
		t.Errorf("the run that was made later is there: %v", err)
	}
	if answer, err := p.run(t.Context(), in, later.Name); err != nil || !answer.archived {
		t.Errorf("the run that was made later is shown as %+v (%v)", answer, err)
	}
	p.schedulesMakeUpForLittle(t)
}

// logIsWhole checks that the log of a run is what its container printed before the restore.
func (p *past) logIsWhole(t *testing.T, name string) {
	t.Helper()
	lines, _ := p.before.programOf(p.runs[name].UID).printed(time.Now())
	var printed strings.Builder
	for _, l := range lines {
		printed.WriteString(l.text + "\n")
	}
	log, err := p.printed(t.Context(), in, p.runs[name].Name)
	if err != nil || log != printed.String() {
		t.Errorf("%s: %v, %s", name, err, difference(printed.String(), log))
	}
}

// schedulesMakeUpForLittle waits until the schedule has made a run of a tick after the restore, and counts those of earlier ticks.
func (p *past) schedulesMakeUpForLittle(t *testing.T) {
	t.Helper()
	const limit = 3
	madeUp, list := 0, &v1alpha1.TaskExecutionList{}
	p.eventually("the schedule goes on", func() bool {
		if err := p.kube.List(t.Context(), list, client.InNamespace(in)); err != nil {
			return false
		}
		madeUp = 0
		goesOn := false
		for i := range list.Items {
			e := &list.Items[i]
			tick, err := time.Parse(time.RFC3339, e.Annotations[v1alpha1.AnnotationScheduledAt])
			if err != nil || e.CreationTimestamp.Time.Before(p.restored) {
				continue
			}
			if tick.Before(p.restored) {
				madeUp++
			} else {
				goesOn = true
			}
			// The archive is not asked about a tick that is nearly on time.
			if late := e.CreationTimestamp.Sub(tick); p.ticked[e.Name] && late > 15*time.Second {
				t.Errorf("the tick of %s ran before, and was run again as %s", tick, e.Name)
			}
		}
		return goesOn
	})
	if madeUp > limit {
		t.Errorf("the schedule made up for %d ticks, more than %d", madeUp, limit)
	}
}
