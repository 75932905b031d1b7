package submit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/params"
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
	out := submission{id: rerunID(namespace, id, key), keyed: key != "", source: TriggerManual, same: !web.Given(request.Params), original: original}
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
	if original.Spec.Trigger.Source == TriggerAPI {
		out.source = TriggerAPI
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

// repeatedOfWhatIsGone answers the repetition of a request whose original, an execution or a schedule, was removed since.
// It returns the refusal where the request was not sent before.
func (h *Handlers) repeatedOfWhatIsGone(in *access.Scope, w http.ResponseWriter, r *http.Request, submission submission, refusal error) error {
	if !submission.keyed {
		return refusal
	}
	existing, err := h.recorded(r.Context(), in, submission)
	if err != nil {
		return err
	}
	if existing == nil {
		return refusal
	}
	submission.task = existing.Spec.TaskRef.Name
	if err := in.RequireExecute(r.Context(), submission.task); err != nil {
		return err
	}
	return h.repeated(in, w, existing, submission)
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

// lacksSensitive refuses to run an execution again with its params when some of them are sensitive: they are where the
// facade cannot read them, or where they should not have been.
func (s submission) lacksSensitive(task *v1alpha1.Task) error {
	if s.original == nil || !s.same {
		return nil
	}
	names := map[string]bool{}
	if from := s.original.Spec.SecretParams; from != nil {
		for _, name := range from.Names {
			names[name] = true
		}
	}
	var stored map[string]json.RawMessage
	if task.Spec.Parameters != nil && json.Unmarshal(s.params, &stored) == nil {
		// A schema that cannot be used is told of when the params are judged.
		if schema, err := params.Compile(task.Spec.Parameters.Raw); err == nil {
			for name := range stored {
				if schema.IsSensitive(name) {
					names[name] = true
				}
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	sorted := slices.Sorted(maps.Keys(names))
	p := web.Problemf(http.StatusBadRequest, "execution %q has sensitive params, whose values cannot be read: send all params again, with %s",
		s.original.Name, strings.Join(sorted, ", "))
	for _, name := range sorted {
		p.Errors = append(p.Errors, web.FieldError{Pointer: "/params" + params.Pointer(name), Detail: fmt.Sprintf("%q is sensitive and must be sent again, with all other params", name)})
	}
	return p
}
