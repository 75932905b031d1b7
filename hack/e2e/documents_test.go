// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/hack/docexamples"
)

// documentedAddress is the address of the REST API in the documents.
const documentedAddress = "http://127.0.0.1:8080"

// failingCurl comes before the real curl on the PATH. It makes a command fail if the answer is an HTTP error.
const failingCurl = "#!/bin/sh\nexec %REAL% --fail-with-body \"$@\"\n"

// The shell examples of the README, docs/using and docs/operating work as described. The pages in Chinese have the
// same examples.
func TestShellExamplesOfTheDocuments(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := docexamples.Pages(root)
	if err != nil {
		t.Fatal(err)
	}
	givenWhatMakeRunGives(t)
	shim := t.TempDir()
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(shim, "curl"), []byte(strings.ReplaceAll(failingCurl, "%REAL%", curl)), 0o700); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for i := range pages {
		page := &pages[i]
		if strings.Contains(page.Path, "zh") {
			continue
		}
		script, err := docexamples.Script(page)
		if err != nil {
			t.Fatal(err)
		}
		if script == "" {
			continue
		}
		ran++
		t.Run(page.Path, func(t *testing.T) {
			printed := runExamples(t, root, shim, tokenLines(t, pages, page)+script)
			if line := docexamples.Missing(page, printed); line != "" {
				t.Errorf("the document shows a line that was not printed: %s", line)
			}
		})
	}
	if ran < 8 {
		t.Errorf("the examples of %d pages ran, want 8 at least", ran)
	}
}

// tokenLines returns the two lines that the pages of docs/using refer to: the first example of docs/using/rest.md.
func tokenLines(t *testing.T, pages []docexamples.Page, page *docexamples.Page) string {
	t.Helper()
	if !strings.HasPrefix(page.Path, "docs/using/") {
		return ""
	}
	for i := range pages {
		if pages[i].Path == "docs/using/rest.md" && len(pages[i].Blocks) > 0 {
			return pages[i].Blocks[0].Code
		}
	}
	t.Fatal("docs/using/rest.md has no example")
	return ""
}

// runExamples runs a script at the root of the repository, as a reader would, and returns its output. At a timeout,
// it kills the script and all processes of its group.
func runExamples(t *testing.T, root, shim, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	run := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", strings.ReplaceAll(script, documentedAddress, url))
	run.Dir, run.Env = root, append(os.Environ(), "PATH="+shim+":"+os.Getenv("PATH"))
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	run.Cancel = func() error { return syscall.Kill(-run.Process.Pid, syscall.SIGKILL) }
	run.WaitDelay = 10 * time.Second
	out, err := run.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
	return string(out)
}

// givenWhatMakeRunGives creates what the examples assume, as `make run` does: the sample Tasks and the account
// taskexec-user. At the end, the test deletes those that it created, and the runs of these Tasks.
func givenWhatMakeRunGives(t *testing.T) {
	t.Helper()
	existed := &v1alpha1.TaskList{}
	if err := kube.List(t.Context(), existed, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	samples, err := filepath.Glob("../../config/samples/task_*.yaml")
	if err != nil || len(samples) < 5 {
		t.Fatalf("the sample Tasks are %q, %v", samples, err)
	}
	begun := metav1.NewTime(time.Now().Add(-time.Second))
	t.Cleanup(func() { removeSamples(t, existed, begun) })
	for _, sample := range samples {
		kubectl(t, "", "apply", "-f", sample)
	}
	for _, args := range [][]string{
		{"create", "serviceaccount", "taskexec-user"},
		{"create", "rolebinding", "taskexec-user", "--clusterrole=taskexec-admin", "--serviceaccount=default:taskexec-user"},
	} {
		kubectl(t, kubectl(t, "", append(args, "--dry-run=client", "-o", "yaml")...), "apply", "-f", "-")
	}
}

// removeSamples deletes what config/samples created, except the Tasks that existed before. It also deletes the runs
// of all sample Tasks since the test began.
func removeSamples(t *testing.T, existed *v1alpha1.TaskList, begun metav1.Time) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	keep := map[string]bool{}
	for i := range existed.Items {
		keep[existed.Items[i].Name] = true
	}
	ours := map[string]bool{}
	for _, name := range []string{"certificate-check", "feishu-sync", "index-rebuild", "report-export", "user-space-sync"} {
		ours[name] = true
	}
	executions := &v1alpha1.TaskExecutionList{}
	if err := kube.List(ctx, executions, client.InNamespace(namespace)); err != nil {
		t.Error(err)
	}
	for i := range executions.Items {
		if e := &executions.Items[i]; ours[e.Spec.TaskRef.Name] && !e.CreationTimestamp.Before(&begun) {
			if err := client.IgnoreNotFound(kube.Delete(ctx, e)); err != nil {
				t.Error(err)
			}
		}
	}
	if keep["user-space-sync"] {
		return
	}
	remove := exec.CommandContext(ctx, "kubectl", "--namespace", namespace, "delete", "--ignore-not-found", "-f", "../../config/samples",
		"-f", "-")
	remove.Stdin = strings.NewReader("{apiVersion: v1, kind: ServiceAccount, metadata: {name: taskexec-user}}\n---\n" +
		"{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: taskexec-user}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: taskexec-admin}}\n")
	if out, err := remove.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
