// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"fmt"
	"strconv"
	"testing"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// flood is how many runs the loud tenant requests.
const flood = 300

// One namespace requests 300 runs before another requests one, and only then the operator starts. The one run gets its
// Job among the first. Without turns it could be anywhere among the 301, in the order of the cache.
func TestCase22QuietTenantBesideAFlood(t *testing.T) {
	loud, quiet := namespace(t), namespace(t)
	create(t, newTask(loud))
	create(t, newTask(quiet))
	asking, _ := errgroup.WithContext(t.Context())
	asking.SetLimit(8)
	for i := range flood {
		e := newExecution(loud)
		e.Name = fmt.Sprintf("run-%d", i)
		asking.Go(func() error { return kube.Create(t.Context(), e) })
	}
	if err := asking.Wait(); err != nil {
		t.Fatal(err)
	}
	run := newExecution(quiet)
	create(t, run)

	operator(t)
	made := jobOf(t, run)
	eventually(t, "each run of the flood has its Job", func() (bool, any) { n := len(jobs(t, loud)); return n == flood, n })
	before := 0
	for _, job := range jobs(t, loud) {
		if version(t, &job.ObjectMeta) < version(t, &made.ObjectMeta) {
			before++
		}
	}
	t.Logf("%d of %d Jobs of the flood were made before", before, flood)
	if before > flood/10 {
		t.Errorf("%d Jobs of the flood were made before that of the quiet tenant", before)
	}
}

// version returns the resourceVersion as a number, to order objects. A Job that nobody changed has that of its
// creation.
func version(t *testing.T, o *metav1.ObjectMeta) uint64 {
	t.Helper()
	v, err := strconv.ParseUint(o.ResourceVersion, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
