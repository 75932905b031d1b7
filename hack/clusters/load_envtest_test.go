// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package clusters

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/records"
)

// namespaces are those of each cluster. The names of runs are the same in all clusters, as far as kubectl created them.
var namespaces = []string{"team-a", "team-b", "team-c"}

// tasks are those of each namespace: the second runs one after the other.
var tasks = []string{"sync", "clean"}

// load is what users do in a cluster.
type load struct {
	*model
	random *rand.Rand
	// recorded reads which runs are in the history: only those are deleted by hand, because a run that is deleted sooner leaves no
	// record.
	recorded  *records.Reader
	made      int
	cancelled int
	deleted   int
	forgotten int
}

func newLoad(m *model, seed uint64) (*load, error) {
	opened, err := bucket.Open(context.Background(), m.facadeDoor.url)
	if err != nil {
		return nil, err
	}
	m.t.Cleanup(func() { _ = opened.Close() })
	return &load{model: m, random: rand.New(rand.NewPCG(seed, 3)), recorded: records.NewReader(bucket.New(opened, m.log), records.Cluster(m.identity), 1<<20)}, nil
}

// createTasks creates the tasks, which keep few runs in etcd.
func (l *load) createTasks(ctx context.Context) error {
	for _, namespace := range namespaces {
		for i, name := range tasks {
			task := &v1alpha1.Task{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
			task.Spec.Retention.Completed, task.Spec.Retention.Failed = ptr.To(int32(5)), ptr.To(int32(2))
			task.Spec.JobTemplate.Spec.Template.Spec.Containers = []corev1.Container{{Name: "main", Image: "busybox:1.37"}}
			if i == 1 {
				task.Spec.Concurrency = &v1alpha1.ConcurrencySpec{Policy: v1alpha1.ConcurrencyQueue, MaxRunning: ptr.To(int32(2))}
			}
			if err := l.kube.Create(ctx, task); err != nil {
				return err
			}
		}
	}
	return nil
}

// put lets users act until ctx is done: they create a run at each tick, and now and then cancel, delete or forget one.
func (l *load) put(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		whole := context.WithoutCancel(ctx) // what is begun is done
		for _, err := range []error{l.creates(whole), l.cancels(whole), l.removes(whole)} {
			if err != nil {
				l.wrong("%v", err)
			}
		}
	}
}

// creates creates a run, over REST or, one of eight, with kubectl. The retention of its Task does not remove that one.
func (l *load) creates(ctx context.Context) error {
	namespace, task := namespaces[l.random.IntN(len(namespaces))], tasks[l.random.IntN(len(tasks))]
	l.made++
	if l.random.IntN(8) == 0 {
		e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: fmt.Sprintf("run-%06d", l.made)}}
		e.Spec.TaskRef.Name = task
		l.began(namespace, e.Name)
		return l.kube.Create(ctx, e)
	}
	body, key := fmt.Sprintf(`{"params":{"n":%d,"of":%q},"labels":{"n":"%d"}}`, l.made, l.name, l.made), fmt.Sprintf("%s-%d", l.name, l.made)
	// A client that got no answer asks again with its key.
	status, answer, err := l.patiently(ctx, http.MethodPost, namespace, "/tasks/"+task+"/execute/manual", body, submit.HeaderIdempotencyKey, key)
	var started submit.Started
	if err == nil && (status/100 != 2 || json.Unmarshal([]byte(answer), &started) != nil) {
		err = fmt.Errorf("executing %s/%s: %d %s", namespace, task, status, answer)
	}
	if err == nil {
		l.began(namespace, started.ExecutionID)
	}
	return err
}

func (l *load) began(namespace, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.created[types.NamespacedName{Namespace: namespace, Name: name}] = true
}

// cancels cancels a run in one of twelve ticks.
func (l *load) cancels(ctx context.Context) error {
	if l.random.IntN(12) > 0 {
		return nil
	}
	list := &v1alpha1.TaskExecutionList{}
	if err := l.seen.List(ctx, list); err != nil {
		return err
	}
	for i := range list.Items {
		e := &list.Items[i]
		if e.Status.Phase.IsTerminal() || e.Spec.Cancel != nil {
			continue
		}
		status, answer, err := l.call(ctx, http.MethodDelete, e.Namespace, "/tasks/executions/cancel/by-ids", fmt.Sprintf(`{"executionIds":[%q]}`, e.Name))
		if err == nil && status/100 != 2 {
			err = fmt.Errorf("cancelling %s/%s: %d %s", e.Namespace, e.Name, status, answer)
		}
		l.cancelled++
		return err
	}
	return nil
}

// removes deletes a recorded run in one of eight ticks, and one of three of them is to be forgotten.
func (l *load) removes(ctx context.Context) error {
	if l.random.IntN(8) > 0 {
		return nil
	}
	namespace := namespaces[l.random.IntN(len(namespaces))]
	all := l.all(namespace)
	l.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, r := range all {
		if r.asked.Load() != 0 || !l.kubeHas(ctx, r) {
			continue
		}
		there, err := l.isRecorded(ctx, r)
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		path, want := "/tasks/executions/"+r.name, []int{http.StatusNoContent, http.StatusNotFound} // its retention may come first
		if l.random.IntN(3) == 0 {
			path, want = path+"?forget=true", []int{http.StatusAccepted, http.StatusConflict}
			r.asked.Store(time.Now().UnixNano())
		}
		r.deleted.Store(time.Now().UnixNano())
		status, answer, err := l.call(ctx, http.MethodDelete, namespace, path, "")
		switch {
		case err != nil:
			return err
		case status != want[0] && status != want[1]:
			return fmt.Errorf("deleting %s/%s: %d %s", namespace, path, status, answer)
		case status == http.StatusConflict: // only the archive has it
			r.asked.Store(0)
		case status == http.StatusAccepted:
			l.forgotten++
		case status == http.StatusNoContent:
			l.deleted++
		}
		return nil
	}
	return nil
}

// isRecorded reports whether a run is in the history.
func (l *load) isRecorded(ctx context.Context, r *run) (bool, error) {
	page, err := l.recorded.Page(ctx, r.namespace, records.Query{Limit: 1, Keep: func(k *records.Key) bool { return k.UID == r.uid }})
	return len(page.Executions) > 0, err
}
