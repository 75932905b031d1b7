// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/go-logr/logr"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers"
	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/records"
)

// historyOf returns a reader of what a cluster recorded.
func historyOf(t *testing.T, url, cluster string) *records.Reader {
	t.Helper()
	opened, err := bucket.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	return records.NewReader(bucket.New(opened, logr.Discard()), records.Cluster(cluster), 1<<20)
}

// isRecorded waits until the history has a run.
func isRecorded(t *testing.T, url, cluster string, e *v1alpha1.TaskExecution) {
	t.Helper()
	eventually(t, e.Name+" is in the history", func() (bool, any) {
		page, err := historyOf(t, url, cluster).Page(t.Context(), e.Namespace, records.Query{Limit: 100})
		return slices.ContainsFunc(page.Executions, func(of *v1alpha1.TaskExecution) bool { return of.UID == e.UID }), err
	})
}

// recordsInto lets an operator write its history every second.
func recordsInto(t *testing.T, url, cluster string) func(*controllers.Options) {
	t.Helper()
	return func(o *controllers.Options) {
		o.Archive.URL, o.Archive.SpoolDir, o.Archive.PartAge = url, t.TempDir(), 50*time.Millisecond
		o.ClusterID, o.Archive.Flush = cluster, time.Second
	}
}

// An ended run is recorded whole: with the params, labels and log tail that the controller's caches drop, and the Task as it
// was, although the Task has changed since. The record is there after the run, the namespace's objects and the Task are gone. It takes
// no write to the API server.
func TestRecordOutlivesTheRun(t *testing.T) {
	url := "file://" + t.TempDir()
	ns := namespace(t)
	operator(t, recordsInto(t, url, "cluster-a"))
	task := newTask(ns)
	task.Spec.Description = "as it was"
	create(t, task)
	e := newExecution(ns)
	e.Spec.Params = &apiextensionsv1.JSON{Raw: []byte(`{"mid":"7"}`)}
	e.Labels = map[string]string{"team": "billing"}
	create(t, e)
	job := jobOf(t, e)
	pod := podOf(t, job)
	runs(t, pod)
	read(t, task)
	task.Spec.Description = "as it is now"
	if err := kube.Update(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	exits(t, pod, 3, "")
	ends(t, job, batchv1.JobFailed)
	eventually(t, "the run has failed", func() (bool, any) { read(t, e); return e.Status.Phase == v1alpha1.PhaseFailed, e.Status })
	isRecorded(t, url, "cluster-a", e)
	last := e.DeepCopy()
	read(t, last)
	for _, object := range []client.Object{e, task} {
		if err := kube.Delete(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
	record, err := historyOf(t, url, "cluster-a").Get(t.Context(), ns, e.Name)
	if err != nil || record == nil {
		t.Fatalf("%v, %v", record, err)
	}
	got := record.Execution
	if string(got.Spec.Params.Raw) != `{"mid":"7"}` || got.Labels["team"] != "billing" || got.Status.ExitCode == nil || *got.Status.ExitCode != 3 || len(got.Status.Logs) == 0 {
		t.Errorf("recorded %+v", got)
	}
	if got.ResourceVersion != last.ResourceVersion {
		t.Errorf("the run was written at %s, after its record at %s", last.ResourceVersion, got.ResourceVersion)
	}
	if record.Task == nil || record.Task.Spec == nil || record.Task.Spec.Description != "as it was" {
		t.Errorf("the Task is %+v", record.Task)
	}
}

// Two clusters, each with its own API server, record runs of the same names into one bucket. Each has its own history,
// also after one of them has lost all its runs.
func TestCase37TwoAPIServersOnOneBucket(t *testing.T) {
	url := "file://" + t.TempDir()
	other := &envtest.Environment{
		CRDInstallOptions:        envtest.CRDInstallOptions{Paths: []string{filepath.Join("..", "config", "crd", "bases")}, ErrorIfPathMissing: true, MaxTime: time.Minute},
		ControlPlaneStartTimeout: 2 * time.Minute,
	}
	config, err := other.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Stop() })
	config.QPS = -1
	ours := kube
	theirs, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	ns := namespace(t)
	if err := theirs.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}}); err != nil {
		t.Fatal(err)
	}
	operation{config: apiServer, namespace: ns, changes: []func(*controllers.Options){recordsInto(t, url, "")}}.runs(t)
	operation{config: config, namespace: ns, changes: []func(*controllers.Options){recordsInto(t, url, "")}}.runs(t)
	ids := map[client.WithWatch]string{}
	for _, cluster := range []client.WithWatch{ours, theirs} {
		system := &corev1.Namespace{}
		if err := cluster.Get(t.Context(), client.ObjectKey{Name: metav1.NamespaceSystem}, system); err != nil {
			t.Fatal(err)
		}
		ids[cluster] = string(system.UID)
		for i := range 5 { // they end at once, because there is no such Task and it may not appear
			e := newExecution(ns)
			e.Name = fmt.Sprintf("run-%d", i)
			e.Spec.Cancel = &v1alpha1.CancelRequest{}
			if err := cluster.Create(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
	}
	uids := func(cluster client.WithWatch) (found []string) {
		list := &v1alpha1.TaskExecutionList{}
		if err := cluster.List(t.Context(), list, client.InNamespace(ns)); err != nil {
			t.Fatal(err)
		}
		for i := range list.Items {
			found = append(found, string(list.Items[i].UID))
		}
		slices.Sort(found)
		return found
	}
	listed := func(id string) (found []string) {
		page, err := historyOf(t, url, id).Page(t.Context(), ns, records.Query{Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Executions {
			found = append(found, string(e.UID))
		}
		slices.Sort(found)
		return found
	}
	for _, cluster := range []client.WithWatch{ours, theirs} {
		want := uids(cluster)
		eventually(t, "each cluster has its own history", func() (bool, any) {
			got := listed(ids[cluster])
			return slices.Equal(got, want), got
		})
	}
	before := listed(ids[theirs])
	if err := ours.DeleteAllOf(t.Context(), &v1alpha1.TaskExecution{}, client.InNamespace(ns)); err != nil {
		t.Fatal(err)
	}
	if got := listed(ids[theirs]); !slices.Equal(got, before) || len(before) != 5 {
		t.Errorf("the other cluster had %v and has %v", before, got)
	}
	if got := listed(ids[ours]); len(got) != 5 {
		t.Errorf("after the deletion of all runs the history has %v", got)
	}
}
