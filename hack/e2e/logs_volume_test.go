// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// A program prints 50 MiB as fast as awk can, while the kubelet rotates the log at 64 KiB.
func TestCase13LogOf50MiBAtOnce(t *testing.T) {
	rotatingEarly(t)
	const lines, lineBytes = 500_000, 106
	name := given(t, taskOf(burst("0", fmt.Sprint(lines), lineBytes)))
	id := execute(t, name, nil)
	got, complete := wholeOrSaid(t, id, lines)
	nothingMadeUp(t, got, complete)
	gapIsNamed(t, id, complete)
	if e := resource(t, id); complete && e.Status.LogSummary.Bytes < lines*(lineBytes-1) {
		t.Errorf("logSummary counts %d bytes of %d", e.Status.LogSummary.Bytes, lines*lineBytes)
	}
}

// gapIsNamed checks that an incomplete log says after which line others are missing.
func gapIsNamed(t *testing.T, id string, complete bool) {
	t.Helper()
	e := resource(t, id)
	c := apimeta.FindStatusCondition(e.Status.Conditions, v1alpha1.ConditionLogsCaptured)
	if !complete && (c.Reason != v1alpha1.ReasonLogsRotated || !strings.Contains(c.Message, "container main of pod "+e.Status.Pods[0].Name)) {
		t.Errorf("the gap is %s", text(c))
	}
}

// The kubelet rotates a log several times while the controller follows it.
func TestCase13LogRotatedWhileFollowed(t *testing.T) {
	rotatingEarly(t)
	const bursts, linesEach, lineBytes = 30, 4000, 106
	name := given(t, keepJob(taskOf(ticking+fmt.Sprintf(`n=0
while [ $n -lt %d ]; do
%sn=$((n+1)); tick 0.5
done
`, bursts, burst(fmt.Sprintf("n*%d", linesEach), fmt.Sprintf("(n+1)*%d", linesEach), lineBytes)))))
	id := execute(t, name, nil)
	got, complete := wholeOrSaid(t, id, bursts*linesEach)
	nothingMadeUp(t, got, complete)
	gapIsNamed(t, id, complete)
	if rotated := rotatedFiles(t, resource(t, id).Status.Pods[0], "main"); rotated < 2 {
		t.Errorf("the kubelet rotated the log %d times only, which tests little", rotated)
	}
}

// A line of 100 MiB needs little memory and arrives unchanged.
func TestCase16LogLineOf100MiB(t *testing.T) {
	const pieces, pieceBytes = 100 << 20 / 64, 64
	name := given(t, taskOf(fmt.Sprintf(`awk 'BEGIN { for (i = 0; i < %d; i++) printf "%%0%dd", i; print ""; print "after it" }'`, pieces, pieceBytes)))
	id := execute(t, name, nil)

	const most = 150 << 20
	var memory int64
	within(t, 10*time.Minute, "the log is archived", func() (bool, string) {
		memory = max(memory, controllerMemory(t))
		e := resource(t, id)
		return logDecided(e), text(e.Status.LogSummary)
	})
	t.Logf("the controller held at most %d MiB", memory>>20)
	if memory == 0 || memory > most {
		t.Errorf("the controller held %d bytes, want at most %d", memory, most)
	}

	e := captured(t, id)
	if size := len(text(e.Status.Logs)); size > 32<<10 {
		t.Errorf("the mirrored tail has %d bytes", size)
	}
	if !strings.Contains(text(e.Status.Logs), `"after it"`) {
		t.Errorf("the mirrored tail lacks the line after the long one: %.2000s", text(e.Status.Logs))
	}
	whole := verdictOf(t, e)
	log := wholeLog(t, id, "")
	want := sha256.New()
	for i := range pieces {
		fmt.Fprintf(want, "%0*d", pieceBytes, i)
	}
	fmt.Fprint(want, "\nafter it\n")
	if got := sha256.Sum256(log); whole && hex.EncodeToString(got[:]) != hex.EncodeToString(want.Sum(nil)) {
		t.Errorf("the archive has %d bytes that differ from the %d that were printed: %s",
			len(log), pieces*pieceBytes+len("\nafter it\n"), firstStrayPiece(log, pieceBytes))
	} else if !whole {
		t.Logf("the log is not whole, and says so: %s; the archive has %d bytes", text(e.Status.LogSummary), len(log))
	}
}

// firstStrayPiece returns where a long line of numbered pieces differs from what was printed.
func firstStrayPiece(log []byte, pieceBytes int) string {
	for i := 0; (i+1)*pieceBytes <= len(log); i++ {
		if got, want := log[i*pieceBytes:(i+1)*pieceBytes], fmt.Sprintf("%0*d", pieceBytes, i); string(got) != want {
			return fmt.Sprintf("piece %d is %q", i, got)
		}
	}
	return "all pieces that are there are right"
}
