// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers"
	"github.com/taskexec/taskexec/controllers/lifecycle"
)

// loadFor is how long two operators run at once: go test ./controllers -run TestCase8 -args -load-for=1m.
var loadFor = flag.Duration("load-for", 30*time.Second, "how long the load of two operators is kept up")

// Two operators run without a lease between them, as when one has lost its lease and has not noticed. Users create,
// cancel and delete runs. Each execution still has one Job. A stale write is refused and decided again, so no status
// goes backwards and no run is lost.
func TestCase8TwoOperatorsAtOnce(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	w := newWitness(t, ns)
	wires := [2]wire{}
	for i := range wires {
		wires[i].operator(t, ns, func(o *controllers.Options) { o.HistoryPace = time.Second })
	}
	create(t, newTask(ns))
	queued := newTask(ns)
	queued.Name = "queued"
	queued.Spec.Concurrency = &v1alpha1.ConcurrencySpec{Policy: v1alpha1.ConcurrencyQueue, MaxRunning: new(int32)}
	*queued.Spec.Concurrency.MaxRunning = 3
	create(t, queued)

	node := &busyNode{witness: w, random: rand.New(rand.NewPCG(1, 5))}
	stopNode := node.start(t)
	made, deleted := load(t, ns, w)
	left, over := made, false
	for !over { // patience applies to each step
		w.until(t, "one more of the runs that were not deleted has ended", func() (bool, any) {
			there := all[*v1alpha1.TaskExecution](w)
			var open []string
			for _, e := range there {
				if !lifecycle.LogIsFinal(e) {
					open = append(open, fmt.Sprintf("%s %s/%s %s", e.Name, e.Status.Phase, e.Status.Reason, e.Status.Message))
				}
			}
			before := left
			left = min(left, len(open))
			over = left == 0 && len(there) == made-deleted
			return left < before || over, fmt.Sprintf("%d of %d, open %q", len(there), made-deleted, open)
		})
	}
	stopNode()
	for i := range wires {
		refused := wires[i].count("PUT taskexecutions/status 409") + wires[i].count("PATCH taskexecutions/status 409")
		if t.Logf("operator %d: %d writes of a status were refused as conflicts", i+1, refused); refused == 0 {
			t.Error("an operator never came second, which tests little: ", &wires[i])
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	phases := map[v1alpha1.Phase]int{}
	for _, e := range all[*v1alpha1.TaskExecution](w) {
		phases[e.Status.Phase]++
	}
	t.Logf("%d runs made, %d deleted, %d states seen; they ended %v", made, deleted, w.states, phases)
	if n := len(all[*v1alpha1.TaskExecution](w)); n != made-deleted {
		t.Errorf("%d executions are there of %d made and %d deleted", n, made, deleted)
	}
	for _, phase := range []v1alpha1.Phase{v1alpha1.PhaseCompleted, v1alpha1.PhaseFailed, v1alpha1.PhaseCancelled} {
		if phases[phase] == 0 {
			t.Errorf("no run is %s: %v", phase, phases)
		}
	}
}

// load creates runs at a steady rate. It cancels one in six and deletes one in ten while they are under way.
func load(t *testing.T, namespace string, w *witness) (made, deleted int) {
	t.Helper()
	random := rand.New(rand.NewPCG(2, 5))
	over := time.After(*loadFor)
	tick := time.NewTicker(60 * time.Millisecond)
	defer tick.Stop()
	var names []string
	for {
		select {
		case <-over:
			return made, deleted
		case <-tick.C:
		}
		e := newExecution(namespace)
		e.Name = fmt.Sprintf("run-%04d", made)
		if made++; random.IntN(3) == 0 {
			e.Spec.TaskRef.Name = "queued"
		}
		create(t, e)
		names = append(names, e.Name)
		old := &v1alpha1.TaskExecution{ObjectMeta: objectNamed(namespace, names[max(0, len(names)-1-random.IntN(12))])}
		switch random.IntN(10) {
		case 0, 1:
			err := kube.Patch(t.Context(), old, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"cancel":{"reason":"test"}}}`)))
			if client.IgnoreNotFound(err) != nil && !apierrors.IsInvalid(err) {
				t.Fatal(err)
			}
		case 2:
			if deletes(t, w, old) {
				deleted++
			}
		}
	}
}

// deletes deletes an execution, and its Job and pods in place of the garbage collector, which envtest lacks.
func deletes(t *testing.T, w *witness, e *v1alpha1.TaskExecution) bool {
	t.Helper()
	if err := kube.Delete(t.Context(), e, client.PropagationPolicy(metav1.DeletePropagationBackground)); apierrors.IsNotFound(err) {
		return false
	} else if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, o := range w.objects {
		if o.GetAnnotations()[v1alpha1.AnnotationExecution] != e.Name {
			continue
		}
		if err := kube.Delete(t.Context(), o, client.GracePeriodSeconds(0), client.PropagationPolicy(metav1.DeletePropagationBackground)); client.IgnoreNotFound(err) != nil {
			t.Error(err)
		}
	}
	return true
}

// busyNode plays the Job controller, the garbage collector and a kubelet. Each Job has a pod that runs for a moment,
// and ends by itself, well or not, or when it is told to.
type busyNode struct {
	*witness
	random *rand.Rand
}

func (n *busyNode) start(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var hands sync.WaitGroup
	stop = func() {
		cancel()
		hands.Wait()
	}
	t.Cleanup(stop)
	hands.Go(func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			for _, err := range n.work(ctx) {
				if ctx.Err() == nil && client.IgnoreNotFound(err) != nil && !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err) {
					t.Errorf("the node: %v", err)
				}
			}
		}
	})
	return stop
}

// work takes one step of all Jobs and pods.
func (n *busyNode) work(ctx context.Context) (errs []error) {
	n.mu.Lock()
	jobs, pods := all[*batchv1.Job](n.witness), map[string]*corev1.Pod{}
	orphans := map[string]*corev1.Pod{}
	for _, pod := range all[*corev1.Pod](n.witness) {
		pods[pod.Name], orphans[pod.Name] = pod, pod
	}
	n.mu.Unlock()
	for _, job := range jobs {
		if !lifecycle.JobFinished(job) {
			errs = append(errs, n.step(ctx, job, pods[job.Name]))
		}
		delete(orphans, job.Name)
	}
	for _, pod := range orphans {
		errs = append(errs, kube.Delete(ctx, pod, client.GracePeriodSeconds(0)))
	}
	return errs
}

// step takes one step of one Job: its pod is created, starts, ends, or is counted.
func (n *busyNode) step(ctx context.Context, job *batchv1.Job, pod *corev1.Pod) error {
	switch {
	case pod == nil:
		return kube.Create(ctx, podNamed(job))
	case pod.Status.Phase == corev1.PodPending:
		return kube.Status().Update(ctx, startedPod(pod))
	case pod.Status.Phase == corev1.PodRunning && pod.Spec.ActiveDeadlineSeconds != nil:
		return kube.Status().Update(ctx, endedPod(pod, 143, "DeadlineExceeded"))
	case pod.Status.Phase == corev1.PodRunning:
		if outcome := n.random.IntN(12); outcome < 2 {
			return kube.Status().Update(ctx, endedPod(pod, int32(outcome), ""))
		}
		return nil
	default:
		return kube.Status().Update(ctx, endedJob(job, pod))
	}
}
