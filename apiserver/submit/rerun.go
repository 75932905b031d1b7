package submit

import (
	"bytes"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
)

// Rerun runs an execution again: with its params, or with those of the body, which take the place of all of
// them.
func (h *Handlers) Rerun(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	request, dryRun, err := executeRequestOf(r)
	if err != nil {
		return err
	}
	sent, err := h.keyOf(in, r)
	if err != nil {
		return err
	}
	id := web.PathValue(r, "executionId")
	original, err := h.Stores(in.Namespace).Execution(r.Context(), id)
	if err != nil {
		return err
	}
	of := func(key string) submission {
		return rerunOf(in.Namespace, id, original, OwnKey(key, in.Who.Name()), request)
	}
	submission := of(sent.key).orFormer(of(sent.former))
	submission.user = in.User()
	switch {
	case original == nil && dryRun:
		return web.NoExecution(id)
	case original == nil:
		return h.repeatedOfWhatIsGone(in, w, r, submission, web.NoExecution(id))
	}
	if err := in.RequireExecute(r.Context(), submission.task); err != nil {
		return err
	}
	return h.submit(in, w, r, submission, dryRun)
}

// rerunOf is the submission of a rerun; without the original it can only find what was made before.
func rerunOf(namespace, id string, original *v1alpha1.TaskExecution, key string, request executeRequest) submission {
	out := submission{id: rerunID(namespace, id, key), keyed: key != "", source: v1alpha1.TriggerManual, same: !web.Given(request.Params), original: original}
	if !out.same {
		out.params = bytes.TrimSpace(request.Params)
	}
	if out.keyed {
		out.digest = DigestOf(key, out.params)
		if out.same {
			out.digest = macOf(key, []byte(sameParams))
		}
	}
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
	return out
}

// sameParams stands for the body that asks for the same params. No JSON object reads so.
const sameParams = "the same params"

// rerunID is to reruns what ExecutionID is to first runs. No task can have the name that stands in the place of
// one, so that no key of one is a key of the other.
func rerunID(namespace, original, key string) string {
	if key == "" {
		return ExecutionID(namespace, "", "")
	}
	return keyedID(namespace, "/rerun", original, key)
}

// continues puts onto an execution what it has from the one that it repeats: beside the params, what says how it is
// run.
func (s submission) continues(execution *v1alpha1.TaskExecution) {
	if s.original == nil {
		return
	}
	metav1.SetMetaDataAnnotation(&execution.ObjectMeta, v1alpha1.AnnotationRerunOf, s.original.Name)
	if queue := s.original.Labels[v1alpha1.LabelKueueQueue]; queue != "" {
		metav1.SetMetaDataLabel(&execution.ObjectMeta, v1alpha1.LabelKueueQueue, queue)
	}
	execution.Spec.Timeout = s.original.Spec.Timeout
}
