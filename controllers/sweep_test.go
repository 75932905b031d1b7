// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/taskexec/taskexec/controllers/bucket"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// cluster is a cluster whose controller archives logs.
type cluster struct {
	client.Client
	identity string
	writer   *archive.Writer
}

// aCluster returns a cluster whose namespace kube-system has the given UID. It archives into a folder.
func aCluster(t *testing.T, uid, folder string) *cluster {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	c := &cluster{Client: fake.NewClientBuilder().WithScheme(scheme).
		WithObjects(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: metav1.NamespaceSystem, UID: types.UID(uid)}}).Build()}
	var err error
	if c.identity, err = clusterIdentity(t.Context(), c); err != nil || c.identity != uid {
		t.Fatalf("the identity is %q, %v", c.identity, err)
	}
	c.writer = writesInto(t, folder, c.identity)
	return c
}

func writesInto(t *testing.T, folder, identity string) *archive.Writer {
	t.Helper()
	bucket, err := bucket.Open(t.Context(), "file://"+folder)
	if err != nil {
		t.Fatal(err)
	}
	w, err := archive.NewWriter(archive.WriterOptions{Bucket: bucket, Cluster: identity, SpoolDir: t.TempDir(), SpoolBytes: 1 << 20, PartBytes: 1 << 16, PartAge: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// run creates an execution and archives its log.
func (c *cluster) run(t *testing.T, name, uid string) *v1alpha1.TaskExecution {
	t.Helper()
	e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: types.UID(uid)}}
	if err := c.Create(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	archivesLog(t, c.writer, name, uid)
	return e
}

func archivesLog(t *testing.T, w *archive.Writer, name, uid string) {
	t.Helper()
	l := w.Begin(archive.Execution{Namespace: "default", Name: name, UID: types.UID(uid)}, true)
	s := l.Stream(&source.ContainerRun{Namespace: "default", Pod: name, PodUID: "pod", Container: "main", ContainerID: "1"})
	s.Line(time.Now(), []byte("a line of "+name), true)
	s.End()
	l.End()
	for !l.State().Settled {
		select {
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-time.After(time.Millisecond):
		}
	}
}

// sweepNow sweeps with a clock in the future, so that every archive is old enough.
func (c *cluster) sweepNow(t *testing.T) {
	t.Helper()
	sweep(t.Context(), c, c.writer.Reader(), c.identity, -time.Hour)
}

func has(folder, uid string) bool {
	_, err := os.Stat(filepath.Join(folder, "default", uid, "index.json"))
	return err == nil
}

// The controllers of two clusters share one bucket. Neither removes the other's archives, whether or not the runs still
// exist.
func TestCase37TwoClustersOnOneBucket(t *testing.T) {
	folder := t.TempDir()
	a, b := aCluster(t, "cluster-a", folder), aCluster(t, "cluster-b", folder)
	kept, gone := a.run(t, "kept", "uid-a1"), a.run(t, "gone", "uid-a2")
	others := []*v1alpha1.TaskExecution{b.run(t, "kept", "uid-b1"), b.run(t, "gone", "uid-b2"), b.run(t, "other", "uid-b3")}
	if err := a.Delete(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		a.sweepNow(t)
		b.sweepNow(t)
	}
	for _, uid := range []string{"uid-a1", "uid-a2", "uid-b1", "uid-b2", "uid-b3"} {
		if !has(folder, uid) {
			t.Errorf("the archive of %s is gone", uid)
		}
	}
	if _, err := a.writer.Reader().Sweep(t.Context(), a.identity, func(context.Context, archive.Execution) (bool, error) { return false, nil }, time.Now().Add(time.Hour)); !errors.Is(err, archive.ErrForeign) {
		t.Errorf("the sweep says %v", err)
	}
	// If each has a folder of its own, the archives of deleted runs are removed, and no others.
	for _, e := range others {
		if err := os.RemoveAll(filepath.Join(folder, "default", string(e.UID))); err != nil {
			t.Fatal(err)
		}
	}
	a.sweepNow(t)
	if !has(folder, string(kept.UID)) || has(folder, string(gone.UID)) {
		t.Errorf("kept %v, gone %v", has(folder, string(kept.UID)), has(folder, string(gone.UID)))
	}
}

// An archive that names no cluster, as earlier versions wrote it, is kept. Once its execution no longer proves that the
// archive is ours, the bucket is not swept.
func TestCase37ArchiveOfNobody(t *testing.T) {
	folder := t.TempDir()
	c := aCluster(t, "cluster-a", folder)
	if err := c.Delete(t.Context(), c.run(t, "gone", "uid-1")); err != nil {
		t.Fatal(err)
	}
	old := writesInto(t, folder, "")
	e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "old", UID: "uid-2"}}
	if err := c.Create(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	archivesLog(t, old, "old", "uid-2")
	archivesLog(t, old, "older", "uid-3")
	c.sweepNow(t)
	if !has(folder, "uid-1") || !has(folder, "uid-2") || !has(folder, "uid-3") {
		t.Error("a bucket with an archive of nobody knows which cluster was swept")
	}
	if err := os.RemoveAll(filepath.Join(folder, "default", "uid-3")); err != nil {
		t.Fatal(err)
	}
	c.sweepNow(t)
	if has(folder, "uid-1") || !has(folder, "uid-2") {
		t.Error("without it, our own was not swept, or more than that")
	}
}

// Archives are removed only if an operator asks for it.
func TestCase37SweepIsOffByDefault(t *testing.T) {
	if every := DefaultOptions().Archive.Sweep; every != 0 {
		t.Errorf("archives are swept each %s", every)
	}
}

// A controller that may not read the namespace kube-system has no cluster identity, and sweeps nothing.
func TestCase37ClusterWithoutIdentity(t *testing.T) {
	folder := t.TempDir()
	c := aCluster(t, "cluster-a", folder)
	if err := c.Delete(t.Context(), c.run(t, "gone", "uid-1")); err != nil {
		t.Fatal(err)
	}
	forbidden := interceptor.NewClient(c.Client.(client.WithWatch), interceptor.Funcs{Get: func(ctx context.Context, inner client.WithWatch, key client.ObjectKey, to client.Object, o ...client.GetOption) error {
		if key.Name == metav1.NamespaceSystem {
			return apierrors.NewForbidden(corev1.Resource("namespaces"), key.Name, nil)
		}
		return inner.Get(ctx, key, to, o...)
	}})
	identity, err := clusterIdentity(t.Context(), forbidden)
	if identity != "" || err != nil {
		t.Errorf("identity %q, %v", identity, err)
	}
	sweep(t.Context(), c, c.writer.Reader(), identity, -time.Hour)
	if !has(folder, "uid-1") {
		t.Error("it was swept")
	}
}
