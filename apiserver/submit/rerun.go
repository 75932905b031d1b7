// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"bytes"
	"cmp"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
)

// Rerun runs an execution again, live or archived: with its params and labels, or with those in the body, which replace
// all of them.
func (h *Handlers) Rerun(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	request, dryRun, err := executeRequestOf(r)
	if err != nil {
		return err
	}
	sent, err := h.keyOf(r)
	if err != nil {
		return err
	}
	id := web.PathValue(r, "executionId")
	original, _, err := h.Past.LookUp(r.Context(), h.Stores(in.Namespace), in.Namespace, id)
	if err != nil {
		return err
	}
	submission := sent.submission(in, func(key string) submission { return rerunOf(in.Namespace, id, original, key, request) })
	if original == nil {
		return h.repeatedAfterDeletion(in, w, r, submission, dryRun, h.Past.Missing(id))
	}
	return h.submitOwn(in, w, r, submission, dryRun)
}

// rerunOf returns the submission of a rerun. Without the original, it can only find the execution of an earlier
// request.
func rerunOf(namespace, id string, original *v1alpha1.TaskExecution, key string, request executeBody) submission {
	out := submission{id: rerunID(namespace, id, key), keyed: key != "", source: v1alpha1.TriggerManual, same: !web.Given(request.Params), original: original}
	if !out.same {
		out.params = bytes.TrimSpace(request.Params)
	}
	if out.keyed {
		out.digest = DigestOf(key, out.params)
		if out.same {
			out.digest = macOf(key, []byte(sameParams))
		}
		out.digest = labelledDigest(key, out.digest, request.labels)
	}
	out.labels, out.labelled = request.labels, request.labels != nil
	if original == nil {
		return out
	}
	out.task = original.Spec.TaskRef.Name
	if original.Spec.Trigger.Source == v1alpha1.TriggerAPI {
		out.source = v1alpha1.TriggerAPI
	}
	if out.same && original.Spec.Params != nil {
		out.params = original.Spec.Params.Raw
	}
	if !out.labelled {
		out.labels = original.Labels
	}
	return out
}

// sameParams stands for the body of a rerun with the same params. It is not a JSON object, so no body equals it.
const sameParams = "the same params"

// rerunID is ExecutionID for reruns. In place of the task's name it has a text that is not a valid name, so that keys
// of reruns and first runs cannot collide.
func rerunID(namespace, original, key string) string {
	if key == "" {
		return ExecutionID(namespace, "", "")
	}
	return keyedID(namespace, "/rerun", original, key)
}

// copyOriginal copies the settings of the original run to an execution, but not the params and the labels. The queue of the
// original is kept unless the request names another.
func (s submission) copyOriginal(execution *v1alpha1.TaskExecution) {
	if s.original == nil {
		return
	}
	metav1.SetMetaDataAnnotation(&execution.ObjectMeta, v1alpha1.AnnotationRerunOf, s.original.Name)
	if queue := cmp.Or(s.labels[v1alpha1.LabelKueueQueue], s.original.Labels[v1alpha1.LabelKueueQueue]); queue != "" {
		metav1.SetMetaDataLabel(&execution.ObjectMeta, v1alpha1.LabelKueueQueue, queue)
	}
	execution.Spec.Timeout = s.original.Spec.Timeout
}
