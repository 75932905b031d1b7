// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/logs/source"
	"github.com/taskexec/taskexec/hack/figures"
)

// BenchmarkQuietTenant measures the delay of runs and logs in one namespace, alone and beside a namespace that requests
// as much as it can. The operator and the API server are real; Jobs and pods are played. Only the ratios apply to other
// machines. Run it with -benchtime=1x.
func BenchmarkQuietTenant(b *testing.B) {
	b.Run("start", benchmarkStarts)
	b.Run("log", benchmarkLogs)
}

// benchmarkStarts measures from the creation of a run to its Job. Eight clients create runs in the loud
// namespace as fast as they can.
func benchmarkStarts(b *testing.B) {
	const runs = 40
	bench := newTenants(b)
	for range b.N {
		bench.runs(b, nil)
		alone, bareAlone := bench.starts(b, runs), bench.bareStarts(b, runs)
		loud, stop := context.WithCancel(b.Context())
		var creating sync.WaitGroup
		for client := range 8 {
			creating.Go(func() {
				for i := 0; loud.Err() == nil; i++ {
					e := newExecution(bench.loud)
					e.Name = fmt.Sprintf("run-%d-%d", client, i)
					_ = kube.Create(loud, e) // a refused run does not count
				}
			})
		}
		for len(bench.jobs(b, bench.loud)) < 50 {
			<-time.After(50 * time.Millisecond)
		}
		beside, bareBeside := bench.starts(b, runs), bench.bareStarts(b, runs)
		stop()
		creating.Wait()
		report(b, "", alone, beside)
		report(b, "bare-", bareAlone, bareBeside)
		b.ReportMetric(float64(len(bench.jobs(b, bench.loud))), "loud-runs")
	}
}

// benchmarkLogs measures from when a line is printed until a watch of the run shows it. The loud namespace has 60 runs
// with tails of 256 KiB that print all the time, several times --log-flush-bytes-per-second.
func benchmarkLogs(b *testing.B) {
	const during = 20 * time.Second
	bench := newTenants(b)
	for range b.N {
		bench.runs(b, printing{bench.loud})
		quiet := bench.running(b, bench.quiet, "quiet")
		alone := bench.lags(b, quiet, during)
		for i := range 60 {
			bench.running(b, bench.loud, fmt.Sprint("loud-", i))
		}
		beside := bench.lags(b, quiet, during)
		report(b, "", alone, beside)
	}
}

func report(b *testing.B, of string, alone, beside []time.Duration) {
	b.Helper()
	for _, p := range []int{50, 95} {
		one, other := figures.Percentile(alone, p), figures.Percentile(beside, p)
		b.ReportMetric(float64(one.Milliseconds()), fmt.Sprintf("%sp%d-alone-ms", of, p))
		b.ReportMetric(float64(other.Milliseconds()), fmt.Sprintf("%sp%d-beside-ms", of, p))
		b.ReportMetric(other.Seconds()/one.Seconds(), fmt.Sprintf("%sp%d-ratio", of, p))
	}
	b.ReportMetric(0, "ns/op")
}

// tenants are two namespaces with a Task each.
type tenants struct{ quiet, loud string }

func newTenants(b *testing.B) *tenants {
	b.Helper()
	t := &tenants{"quiet-" + rand.String(8), "loud-" + rand.String(8)}
	for _, name := range []string{t.quiet, t.loud} {
		t.create(b, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
		task := newTask(name)
		task.Spec.Logs.MaxEntries, task.Spec.Logs.MaxBytes = 200, ptr.To(resource.MustParse("256Ki"))
		t.create(b, task)
	}
	return t
}

func (t *tenants) create(b *testing.B, object client.Object) {
	b.Helper()
	if err := kube.Create(b.Context(), object); err != nil {
		b.Fatal(err)
	}
}

// runs the operator until the benchmark ends.
func (t *tenants) runs(b *testing.B, logs source.Source) {
	b.Helper()
	stop, err := operation{config: apiServer, changes: []func(*controllers.Options){func(o *controllers.Options) {
		if logs != nil {
			o.LogSource = logs
		}
	}}}.start()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := stop(); err != nil {
			b.Error(err)
		}
	})
}

func (t *tenants) jobs(b *testing.B, namespace string) []batchv1.Job {
	b.Helper()
	list := &batchv1.JobList{}
	if err := kube.List(b.Context(), list, client.InNamespace(namespace)); err != nil {
		b.Fatal(err)
	}
	return list.Items
}

// starts creates runs in the quiet namespace one after the other, and returns how long each Job took to appear.
func (t *tenants) starts(b *testing.B, count int) (took []time.Duration) {
	b.Helper()
	made, err := kube.Watch(b.Context(), &batchv1.JobList{}, client.InNamespace(t.quiet))
	if err != nil {
		b.Fatal(err)
	}
	defer made.Stop()
	for i := range count {
		e := newExecution(t.quiet)
		e.Name = fmt.Sprintf("run-%d-%s", i, rand.String(5))
		begin := time.Now()
		t.create(b, e)
		for event := range made.ResultChan() {
			if job, ok := event.Object.(*batchv1.Job); ok && event.Type == watch.Added && job.Name == jobspec.JobName(e.Name, e.UID) {
				break
			}
		}
		took = append(took, time.Since(begin))
	}
	return took
}

// running creates a run whose container is running.
func (t *tenants) running(b *testing.B, namespace, name string) *v1alpha1.TaskExecution {
	b.Helper()
	e := newExecution(namespace)
	e.Name = name
	t.create(b, e)
	job := &batchv1.Job{}
	key := types.NamespacedName{Namespace: namespace, Name: jobspec.JobName(e.Name, e.UID)}
	for kube.Get(b.Context(), key, job) != nil {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-b.Context().Done():
			b.Fatal("no Job")
		}
	}
	pod := podNamed(job)
	t.create(b, pod)
	pod.Status = startedPod(pod).Status
	if err := kube.Status().Update(b.Context(), pod); err != nil {
		b.Fatal(err)
	}
	return e
}

// lags watches a run for some time, and returns how old each line was when it first appeared.
func (t *tenants) lags(b *testing.B, e *v1alpha1.TaskExecution, during time.Duration) (lags []time.Duration) {
	b.Helper()
	changes, err := kube.Watch(b.Context(), &v1alpha1.TaskExecutionList{}, client.InNamespace(e.Namespace))
	if err != nil {
		b.Fatal(err)
	}
	defer changes.Stop()
	newest, over := time.Now(), time.After(during)
	for {
		select {
		case event := <-changes.ResultChan():
			shown, ok := event.Object.(*v1alpha1.TaskExecution)
			if !ok {
				b.Fatalf("the watch says %v", event)
			}
			now := time.Now()
			for _, entry := range shown.Status.Logs {
				if strings.HasPrefix(entry.Message, "printed") && entry.Timestamp.After(newest) {
					newest = entry.Timestamp.Time
					lags = append(lags, now.Sub(newest))
				}
			}
		case <-over:
			return lags
		}
	}
}

// printing returns endless logs: a hundred long lines a second in the loud namespace, ten short ones in others.
type printing struct{ loud string }

func (p printing) Open(ctx context.Context, r source.Request) (io.ReadCloser, error) {
	every, text := 100*time.Millisecond, "printed"
	if r.Namespace == p.loud {
		every, text = 10*time.Millisecond, "printed "+strings.Repeat("and much of it ", 80)
	}
	reader, writer := io.Pipe()
	go func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case at := <-tick.C:
				if _, err := fmt.Fprintln(writer, at.UTC().Format(time.RFC3339Nano), text); err != nil {
					return
				}
			case <-ctx.Done():
				writer.CloseWithError(ctx.Err())
				return
			}
		}
	}()
	return reader, nil
}
