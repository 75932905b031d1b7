// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/redact"
)

// wrote sets the termination message of the terminated containers with that name.
func wrote(container, message string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		for i := range pod.Status.ContainerStatuses {
			if s := &pod.Status.ContainerStatuses[i]; s.Name == container {
				s.State.Terminated.Message = message
			}
		}
	}
}

func containers(policy corev1.TerminationMessagePolicy, names ...string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		for _, name := range names {
			pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: name, TerminationMessagePolicy: policy})
		}
	}
}

// neverRan is a container that the runtime could not start.
func neverRan(pod *corev1.Pod) {
	t := pod.Status.ContainerStatuses[0].State.Terminated
	t.Reason, t.ExitCode, t.StartedAt = "StartError", 128, metav1.NewTime(time.Unix(0, 0))
}

func TestResult(t *testing.T) {
	completed := func(changes ...func(*corev1.Pod)) *scene {
		return given().job().pod(append([]func(*corev1.Pod){exited(0)}, changes...)...).counted(1, 0).jobEnds(batchv1.JobComplete, "")
	}
	failed := func(changes ...func(*corev1.Pod)) *scene {
		return given().job().pod(append([]func(*corev1.Pod){exited(3)}, changes...)...).counted(0, 1).jobEnds(batchv1.JobFailed, "BackoffLimitExceeded")
	}
	full := strings.Repeat("x", 4096)
	document := `{"text":"` + strings.Repeat("x", 4096-11) + `"}`
	for name, c := range map[string]struct {
		scene *scene
		want  string
		says  string // says that something is missing
	}{
		"JSON":                                   {completed(wrote("main", `{"rows": 42}`)), `{"rows":42}`, ""},
		"text":                                   {completed(wrote("main", "42 rows\n")), `"42 rows"`, ""},
		"nothing":                                {completed(), "", ""},
		"a helper's word is none":                {completed(alsoEnded("helper", 0), wrote("helper", "x")), "", ""},
		"as much as a kubelet hands on":          {completed(wrote("main", full)), `"` + full + `"`, "the result has 4096 bytes"},
		"as much, and whole":                     {completed(wrote("main", document)), document, ""},
		"the end of a document":                  {completed(wrote("main", document[1:]+"\n")), `"` + strings.ReplaceAll(document[1:], `"`, `\"`) + `"`, "the result has 4096 bytes"},
		"a kubelet's share for six containers":   {completed(containers("", "main", "b", "c", "d", "e", "f"), wrote("main", full[:2048])), `"` + full[:2048] + `"`, "the result has 2048 bytes"},
		"less than that share":                   {completed(containers("", "main", "b", "c", "d", "e", "f"), wrote("main", full[:2047])), `"` + full[:2047] + `"`, ""},
		"of a run that failed":                   {failed(wrote("main", `{"error":"no such space"}`)), `{"error":"no such space"}`, ""},
		"too large, of a run that failed":        {failed(wrote("main", full)), `"` + full + `"`, `container "main" ended with exit code 3; the result has 4096 bytes`},
		"the log of one that failed is none":     {failed(containers(corev1.TerminationMessageFallbackToLogsOnError, "main"), wrote("main", "panic: oh")), "", ""},
		"one that completed gave no log":         {completed(containers(corev1.TerminationMessageFallbackToLogsOnError, "main"), wrote("main", "fine")), `"fine"`, ""},
		"a file that the kubelet could not read": {completed(wrote("main", "Error on reading termination log /var/lib/kubelet/pods/1: is a directory")), "", ""},
		"the runtime's word is none":             {failed(wrote("main", "failed to create containerd task"), neverRan), "", ""},
		"the last attempt's":                     {given().job().pod(exited(3), wrote("main", "first")).pod(exited(0), wrote("main", "second")).counted(1, 1).jobEnds(batchv1.JobComplete, ""), `"second"`, ""},
		"not a failed attempt's, where one went well": {
			given().job().pod(exited(0), wrote("main", "well")).pod(exited(3), wrote("main", "badly")).counted(1, 1).jobEnds(batchv1.JobComplete, ""), `"well"`, "",
		},
		"of a run that was cancelled": {
			given().cancelled().job().phase(v1alpha1.PhaseCancelling, v1alpha1.ReasonCancelRequested).
				pod(exited(143), killed, marked(v1alpha1.ReasonCancelled, time.Second), wrote("main", "half")).counted(0, 1), `"half"`, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			status := Decide(c.scene.Observation).Status
			if !status.Phase.IsTerminal() {
				t.Fatalf("the fixture is in %s", status.Phase)
			}
			got := ""
			if status.Result != nil {
				got = string(status.Result.Raw)
			}
			if got != c.want {
				t.Errorf("got %.200s, want %.200s", got, c.want)
			}
			if status.ResultTruncated != (c.says != "") || !strings.Contains(status.Message, c.says) {
				t.Errorf("truncated: %t, message %q, want %q", status.ResultTruncated, status.Message, c.says)
			}
		})
	}
}

// The kubelet cuts at a number of bytes, even within a character.
func TestCase32ResultThatWasCutWithinACharacter(t *testing.T) {
	text := strings.Repeat("同", 4096/3) // 4095 bytes
	for name, c := range map[string]struct{ message, want string }{
		"its beginning is missing":           {"é同"[1:2] + text, text},
		"as the API server gives it":         {"\ufffd" + text, text},
		"its end is missing":                 {text + "同"[:1], text},
		"its end, as the API server gives":   {text + "\ufffd", text},
		"both":                               {"同"[2:] + text + "同"[:2], text},
		"a whole document after a mark":      {"\ufeff" + `{"text":"` + strings.Repeat("x", 4096-14) + `"}`, ""},
		"a text that is no longer than that": {strings.Repeat("x", 4095), strings.Repeat("x", 4095)},
	} {
		t.Run(name, func(t *testing.T) {
			s := given().job().pod(exited(0), wrote("main", c.message)).counted(1, 0).jobEnds(batchv1.JobComplete, "")
			status := Decide(s.Observation).Status
			if status.Result == nil {
				t.Fatal("there is no result")
			}
			want := `"` + c.want + `"`
			if c.want == "" {
				want = strings.TrimPrefix(c.message, "\ufeff")
			}
			if got := string(status.Result.Raw); got != want {
				t.Errorf("%d bytes became %d: %.20q … %q", len(c.message), len(got), got, got[len(got)-10:])
			}
			if truncated := c.want != "" && len(c.message) >= 4096; status.ResultTruncated != truncated {
				t.Errorf("truncated: %t", status.ResultTruncated)
			}
		})
	}
}

// Redaction keeps the line breaks of a result.
func TestCase32ResultKeepsItsLinesBesideSecrets(t *testing.T) {
	s := given().job().pod(exited(0), wrote("main", "{\"a\":\"hunter22\\nb\u2028\u00a0\u202ec\"}")).counted(1, 0).jobEnds(batchv1.JobComplete, "")
	s.Execution.Spec.SecretParams = &v1alpha1.SecretParams{SecretName: "login", Names: []string{"password"}}
	s.Redact = redact.New([]string{"hunter22"})
	result := Decide(s.Observation).Status.Result
	if want := "{\"a\":\"[redacted]\\nb\\u2028\u00a0\u202ec\"}"; result == nil || string(result.Raw) != want {
		t.Errorf("result %+v, want %s", result, want)
	}
}

// A run gets its result when it ends, not before and not again later: the pod may be another one by then.
func TestResultIsWrittenOnceAtTheEnd(t *testing.T) {
	if status := Decide(given().job().pod(exited(3), wrote("main", "first")).counted(0, 1).Observation).Status; status.Result != nil {
		t.Errorf("%s has the result %s", status.Phase, status.Result.Raw)
	}
	s := given().job().pod(exited(0), wrote("main", "late")).phase(v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
	if status := Decide(s.Observation).Status; status.Result != nil {
		t.Errorf("%s got the result %s afterwards", status.Phase, status.Result.Raw)
	}
}

// A result contains no sensitive param.
func TestResultWithoutSecrets(t *testing.T) {
	knows := func(s *scene) { s.Redact = redact.New([]string{"hunter22"}) }
	for name, c := range map[string]struct {
		message string
		known   func(*scene)
		want    string
	}{
		"known":                    {`{"login":"hunter22","rows":1}`, knows, `{"login":"[redacted]","rows":1}`},
		"not known any more":       {`{"rows":1}`, func(*scene) {}, ""},
		"it may be cut in a value": {strings.Repeat("x", 4096), knows, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := given().job().pod(exited(0), wrote("main", c.message)).counted(1, 0).jobEnds(batchv1.JobComplete, "")
			s.Execution.Spec.SecretParams = &v1alpha1.SecretParams{SecretName: "login", Names: []string{"password"}}
			c.known(s)
			got := ""
			if result := Decide(s.Observation).Status.Result; result != nil {
				got = string(result.Raw)
			}
			if got != c.want {
				t.Errorf("result %s, want %s", got, c.want)
			}
		})
	}
}
