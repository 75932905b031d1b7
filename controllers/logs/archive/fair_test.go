// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/bucket/buckettest"
)

func executionIn(namespace string, i int) Execution {
	return Execution{Namespace: namespace, Name: fmt.Sprint("run-", i), UID: types.UID(fmt.Sprint(namespace, "-", i))}
}

// While the store is unavailable, one namespace prints more than the spool holds and loses lines. Another namespace
// that prints after it loses none.
func TestCase51FullSpoolOfOneNamespace(t *testing.T) {
	b, away := s3(t)
	w := writes(t, b, func(o *WriterOptions) { o.SpoolBytes = 400 << 10 })
	away.Store(true)
	var loud []*Log
	for i := range 20 { // twice the spool
		l := w.Begin(executionIn("loud", i), true)
		printed(l.Stream(&main), 0, 500)
		loud = append(loud, l)
	}
	if used := w.spooled.sum(); used < w.SpoolBytes*7/10 || used > w.SpoolBytes*9/10 {
		t.Errorf("the loud namespace has %d of %d bytes, want about four fifths", used, w.SpoolBytes)
	}
	quiet := w.Begin(executionIn("quiet", 0), true)
	printed(quiet.Stream(&main), 0, 100)
	quiet.Stream(&main).End()
	away.Store(false)
	settled(t, quiet)
	if gaps := quiet.State().Gaps; len(gaps) > 0 {
		t.Errorf("the quiet log has gaps %+v", gaps)
	}
	full := 0
	for _, l := range loud {
		l.End()
		settled(t, l)
		for _, g := range l.State().Gaps {
			if g.Reason == v1alpha1.ReasonLogsArchiveFull {
				full++
			}
		}
	}
	if full == 0 {
		t.Error("no loud log has a gap; it was not full")
	}
	if n := w.spooled.sum(); n != 0 || len(w.spooled.of) != 0 {
		t.Errorf("%d bytes are said to be spooled, of %v", n, w.spooled.of)
	}
}

// Many short logs take more disk space than their text.
func TestCase51ShortLogsFillTheSpool(t *testing.T) {
	b, away := s3(t)
	w := writes(t, b, func(o *WriterOptions) { o.SpoolBytes = 100 * fileBytes })
	away.Store(true)
	kept := 0
	for i := range 200 {
		l := w.Begin(executionIn("loud", i), true)
		printed(l.Stream(&main), 0, 1)
		l.End()
		if len(l.State().Gaps) == 0 {
			kept++
		}
	}
	if kept < 70 || kept > 80 {
		t.Errorf("%d logs of one line each were kept in a spool of 100 blocks, want four fifths of that", kept)
	}
	away.Store(false)
}

// While the uploads of one namespace wait for a slot, the first upload of another namespace is next.
func TestCase51UploadsServeNamespacesInTurn(t *testing.T) {
	var mu sync.Mutex
	var order []string
	gate := make(chan struct{})
	b := opened(t, buckettest.S3(t, func(store http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			<-gate
			for _, namespace := range []string{"loud", "quiet"} {
				if strings.Contains(r.URL.Path, "/"+namespace+"/") {
					mu.Lock()
					order = append(order, namespace)
					mu.Unlock()
				}
			}
			store.ServeHTTP(rw, r)
		})
	}))
	w := writes(t, b, func(o *WriterOptions) { o.Uploads = 1 })
	begin := func(namespace string, i int) *Log {
		l := w.Begin(executionIn(namespace, i), true)
		printed(l.Stream(&main), 0, 10)
		l.End()
		return l
	}
	var logs []*Log
	for i := range 50 {
		logs = append(logs, begin("loud", i))
	}
	eventually(t, "the loud uploads wait", func() bool { return w.uploads.Waiting() == 49 })
	logs = append(logs, begin("quiet", 0))
	eventually(t, "the quiet one waits", func() bool { return w.uploads.Waiting() == 50 })
	close(gate)
	for _, l := range logs {
		settled(t, l)
	}
	mu.Lock()
	defer mu.Unlock()
	if at := slices.Index(order, "quiet"); at > 2 {
		t.Errorf("%d requests of the loud namespace were served before", at)
	}
	// The quiet log leaves the queue between two of its uploads, so some loud ones come in between.
	if slices.Contains(order[len(order)/2:], "quiet") {
		t.Errorf("the quiet log was not archived in the first half of the requests: %v", order)
	}
}
