// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers"
)

// If the Task asks for redaction, the archive has no value of a sensitive param, even when another controller takes
// over. Otherwise the archive has what was printed.
func TestCase46ArchiveOfATaskThatAsks(t *testing.T) {
	for how, raw := range map[v1alpha1.LogArchive]bool{v1alpha1.LogArchiveRedacted: false, v1alpha1.LogArchiveRaw: true} {
		t.Run(string(how), func(t *testing.T) {
			folder := t.TempDir()
			archiving := func(o *controllers.Options) {
				leaky(o)
				o.Archive.URL, o.Archive.SpoolDir, o.Archive.PartAge = "file://"+folder, t.TempDir(), 50*time.Millisecond
			}
			stop := operator(t, archiving)
			e := login(t)
			task := &v1alpha1.Task{}
			if err := kube.Get(t.Context(), client.ObjectKey{Namespace: e.Namespace, Name: e.Spec.TaskRef.Name}, task); err != nil {
				t.Fatal(err)
			}
			task.Spec.Logs.Archive = how
			if err := kube.Update(t.Context(), task); err != nil {
				t.Fatal(err)
			}
			create(t, loginSecret(e.Namespace))
			create(t, e)
			job := jobOf(t, e)
			pod := podOf(t, job)
			runs(t, pod)
			reaches(t, e, v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
			stop()
			operator(t, archiving)
			exits(t, pod, 0, "")
			ends(t, job, batchv1.JobComplete)
			reaches(t, e, v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
			eventually(t, "the log is archived", func() (bool, any) {
				if err := kube.Get(t.Context(), client.ObjectKeyFromObject(e), e); err != nil {
					return false, err
				}
				return e.Status.LogSummary != nil && e.Status.LogSummary.Archived && e.Status.LogSummary.Complete, e.Status.LogSummary
			})
			all := contents(t, filepath.Join(folder, e.Namespace)) // other folders are those of other tests
			if strings.Contains(all, hunter) != raw || strings.Contains(all, "login with [redacted]") == raw || strings.Contains(all, `"redacted":true`) == raw || !strings.Contains(all, `"cluster":"`) {
				t.Errorf("the archive has %s", all)
			}
			standsNowhere(t, e.Namespace)
		})
	}
}

// contents returns the contents of all files in a folder.
func contents(t *testing.T, folder string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		all.Write(raw)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return all.String()
}
