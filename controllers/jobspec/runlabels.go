// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/tracking"
)

// MaxRunLabels is how many labels a caller may give a run, and how many labels of an execution reach its Job and pods.
const MaxRunLabels = 16

// LabelProblem says why a run may not have a label, or for TooMany why it may not have all of them.
type LabelProblem struct {
	Key, Detail string
	TooMany     bool
}

// Error returns the key and what is wrong with it.
func (p LabelProblem) Error() string {
	if p.TooMany {
		return p.Detail
	}
	return fmt.Sprintf("%q: %s", p.Key, p.Detail)
}

// reservedDomains are the domains whose labels have an owner, and whose labels no caller may set: also those of their
// subdomains. x-k8s.io is the domain of the projects of Kubernetes' special interest groups, such as Kueue.
var reservedDomains = map[string]string{
	"taskexec.dev":  "Taskexec",
	"kubernetes.io": "Kubernetes",
	"k8s.io":        "Kubernetes",
	"x-k8s.io":      "Kubernetes",
}

// selecting are the keys by which the commands of kubectl and the add-ons of Kubernetes make Services select pods. A
// run with such a label could receive the traffic of a Service.
var selecting = []string{"app", "k8s-app", "run"}

// CheckRunLabels returns what is wrong with the labels that a caller wants for a run, ordered by key. Labels need
// Kubernetes' syntax, must not be reserved, and are at most MaxRunLabels. The label of a Kueue queue is allowed here;
// CheckAllowed judges its value.
func CheckRunLabels(labels map[string]string) (problems []LabelProblem) {
	if len(labels) > MaxRunLabels {
		return []LabelProblem{{Detail: fmt.Sprintf("there are %d labels, more than %d", len(labels), MaxRunLabels), TooMany: true}}
	}
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		wrong := validation.IsQualifiedName(key)
		if len(wrong) == 0 && key != v1alpha1.LabelKueueQueue {
			if owner := reserved(key); owner != "" {
				wrong = []string{owner}
			}
		}
		if wrong = append(wrong, validation.IsValidLabelValue(labels[key])...); len(wrong) > 0 {
			problems = append(problems, LabelProblem{Key: key, Detail: strings.Join(wrong, "; ")})
		}
	}
	return problems
}

// reserved says why the label of that key is reserved. It is empty if the label is free.
func reserved(key string) string {
	domain, _, prefixed := strings.Cut(key, "/")
	if prefixed {
		for reserved, owner := range reservedDomains {
			if domain == reserved || strings.HasSuffix(domain, "."+reserved) {
				return "the label is reserved: labels of " + reserved + " and its subdomains belong to " + owner
			}
		}
	}
	switch {
	case slices.Contains(generated, key):
		return "the label is reserved: Kubernetes sets it on each Job"
	case slices.Contains(selecting, key):
		return "the label is reserved: Services often select their pods by it"
	case tracking.IsMark(key):
		return "the label is reserved: it marks what a tool has applied, and the tool would delete the Job"
	}
	return ""
}

// RunLabels returns the labels of an execution that its Job and pods get, and that a rerun keeps: those that a caller
// may set, except the queue. If there are more than MaxRunLabels, it returns the first in the order of keys: the author
// of an execution chooses how many labels it has.
//
// Reserved labels are left out, because an execution may have been created with kubectl or from Git, where anything can
// set any label. Above all, marks of GitOps tools must not reach the Job: Argo CD (app.kubernetes.io/instance or
// argocd.argoproj.io/...), Flux and others would take the Job for an applied object that is missing from Git, and prune
// it while it runs. Labels of Kubernetes and its projects change how a Job is treated, for example its priority in
// Kueue, which only the Task decides. The keys by which Services select pods would bring a run the traffic of others.
func RunLabels(labels map[string]string) map[string]string {
	kept := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if len(kept) == MaxRunLabels {
			break
		}
		if reserved(key) == "" {
			kept[key] = labels[key]
		}
	}
	return kept
}

// SetRunLabels gives an execution that we create the labels of a run: those of RunLabels, and the queue. They never
// replace a label that the execution has.
func SetRunLabels(execution *v1alpha1.TaskExecution, labels map[string]string) {
	wanted := RunLabels(labels)
	if queue := labels[v1alpha1.LabelKueueQueue]; queue != "" {
		wanted[v1alpha1.LabelKueueQueue] = queue
	}
	for key, value := range wanted {
		if _, set := execution.Labels[key]; !set {
			metav1.SetMetaDataLabel(&execution.ObjectMeta, key, value)
		}
	}
}

// ForbiddenLabels returns the labels that a Task does not allow, ordered by key. The label of a Kueue queue is not among
// them; CheckQueue judges it.
func ForbiddenLabels(task *v1alpha1.Task, labels map[string]string) (problems []LabelProblem) {
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if key != v1alpha1.LabelKueueQueue && !allowsLabel(task, key) {
			problems = append(problems, LabelProblem{Key: key, Detail: fmt.Sprintf("the task %q does not allow this label; its spec.allowedLabels: %s", task.Name, orNone(task.Spec.AllowedLabels))})
		}
	}
	return problems
}

func allowsLabel(task *v1alpha1.Task, key string) bool {
	return task.Spec.AllowedLabels == nil || slices.Contains(task.Spec.AllowedLabels, key)
}

// carry copies the labels of a run to its Job and pods, as far as the Task allows. Labels that the template or Taskexec
// set stay as they are.
func carry(job *batchv1.Job, task *v1alpha1.Task, execution *v1alpha1.TaskExecution) {
	allowed := maps.Clone(execution.Labels)
	maps.DeleteFunc(allowed, func(key, _ string) bool { return !allowsLabel(task, key) })
	for key, value := range RunLabels(allowed) {
		for _, meta := range []*metav1.ObjectMeta{&job.ObjectMeta, &job.Spec.Template.ObjectMeta} {
			if _, set := meta.Labels[key]; !set {
				metav1.SetMetaDataLabel(meta, key, value)
			}
		}
	}
}
