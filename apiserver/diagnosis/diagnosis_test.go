// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"strings"
	"testing"
	"unicode/utf8"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/phrases"
)

// Every state gets a sentence, even an unknown one.
func TestEveryStateIsExplained(t *testing.T) {
	for _, phase := range []v1alpha1.Phase{"", "Queued", "Pending", "Running", "Cancelling", "Completed", "Failed", "Cancelled", "Unheard"} {
		for _, reason := range []string{"", "Unheard", v1alpha1.ReasonJobCreated, v1alpha1.ReasonConcurrencyLimit} {
			if got := Of(run(phase, reason, "").Observation); len(got.SentenceIn(phrases.English)) < 8 || len(got.SentenceIn(phrases.Chinese)) < 8 || len(got.Facts) == 0 {
				t.Errorf("%s %s: %+v", phase, reason, got)
			}
		}
	}
}

// Any observation gives an explanation that is bounded and has no control characters.
func TestBoundsAndHarmlessness(t *testing.T) {
	evil := "\x1b[31m<script>\u202e\x00\xff\r\n" + strings.Repeat("同", 5000)
	o := run(v1alpha1.PhasePending, evil, evil).job(func(j *batchv1.Job) { j.Labels = map[string]string{v1alpha1.LabelKueueQueue: evil} })
	o.Execution.Spec.TaskRef.Name = evil
	o.Execution.Spec.Cancel = &v1alpha1.CancelRequest{Reason: evil, RequestedBy: evil}
	for range 20 {
		o.pod(evil, waiting(evil, evil), condition(corev1.PodScheduled, corev1.ConditionFalse, evil, evil), func(p *corev1.Pod) {
			p.Name, p.Status.Reason, p.Status.Message = evil, evil, evil
			for range 50 {
				p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, p.Status.ContainerStatuses[0])
			}
		})
	}
	for range 200 {
		o.event("Pod", evil, evil)
	}
	got := Of(o.Observation)
	for _, language := range phrases.Languages() {
		sentence, advice := got.SentenceIn(language), got.AdviceIn(language)
		if len(got.Facts) > maxFacts || len(sentence) > maxSentence || len(advice) > maxAdvice {
			t.Errorf("%d facts, a sentence of %d bytes", len(got.Facts), len(sentence))
		}
		texts := []string{sentence, advice}
		for _, f := range got.Facts {
			if texts = append(texts, f.TextIn(language), f.Name); len(f.TextIn(language)) > maxText || len(f.Name) > maxName {
				t.Errorf("too long: %q", f)
			}
		}
		for _, text := range texts {
			if !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\x1b\n\r\u202e") {
				t.Errorf("not harmless: %q", text)
			}
		}
	}
}
