// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// How a log is archived is frozen on the Job, and its pods tell the facade. If the frozen limits are damaged, the log
// is archived redacted, because the Task may have asked for that.
func TestCase46ArchiveIsFrozenOnTheJob(t *testing.T) {
	for asked, frozen := range map[v1alpha1.LogArchive]v1alpha1.LogArchive{
		"": "", v1alpha1.LogArchiveRaw: "", v1alpha1.LogArchiveRedacted: v1alpha1.LogArchiveRedacted,
	} {
		task := aTask()
		task.Spec.Logs.Archive = asked
		job := build(t, task, anExecution(), `{}`)
		limits, err := SnapshotOf(job)
		if err != nil || limits.Archive != frozen {
			t.Errorf("%q is frozen as %q, %v", asked, limits.Archive, err)
		}
		if got, is := job.Spec.Template.Annotations[v1alpha1.AnnotationLogArchive]; got != string(frozen) || is != (frozen != "") {
			t.Errorf("%q: its pods say %q", asked, got)
		}
	}
	for _, annotation := range []string{"", "{", `{"container":"main","maxEntries":10,"maxBytes":2048,"archive":"nonsense"}`} {
		if limits, err := SnapshotOf(frozenJob(annotation, "main")); err == nil || limits.Archive != v1alpha1.LogArchiveRedacted {
			t.Errorf("%q: archived %q, %v", annotation, limits.Archive, err)
		}
	}
}
