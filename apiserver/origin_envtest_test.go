// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package apiserver

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Only Taskexec can state where a run came from and who asked for it, or set its trusted metadata. No other rights
// suffice.
func TestCase44OriginCannotBeForged(t *testing.T) {
	l := newGatedLab(t, apiServer, "taskexec")
	l.task(t, "mine")
	ann := l.writer(t)
	l.withPolicies(t, labelPolicies)
	forgeries := map[string]struct {
		change func(*v1alpha1.TaskExecution)
		says   string
	}{
		"source manual":    {func(e *v1alpha1.TaskExecution) { e.Spec.Trigger.Source = v1alpha1.TriggerManual }, `spec.trigger.source "manual" can only be set by Taskexec`},
		"source api":       {func(e *v1alpha1.TaskExecution) { e.Spec.Trigger.Source = v1alpha1.TriggerAPI }, `spec.trigger.source "api"`},
		"source schedule":  {func(e *v1alpha1.TaskExecution) { e.Spec.Trigger.Source = v1alpha1.TriggerSchedule }, `spec.trigger.source "schedule"`},
		"source change":    {func(e *v1alpha1.TaskExecution) { e.Spec.Trigger.Source = v1alpha1.TriggerChange }, `spec.trigger.source "change"`},
		"trigger name":     {func(e *v1alpha1.TaskExecution) { e.Spec.Trigger.Name = "nightly" }, "spec.trigger.name can only be set by Taskexec"},
		"user":             {func(e *v1alpha1.TaskExecution) { e.Spec.Trigger.User = "somebody else" }, "spec.trigger.user must be omitted or name who creates"},
		"user of a prefix": {func(e *v1alpha1.TaskExecution) { e.Spec.Trigger.User = l.userName("an") }, "spec.trigger.user"},
		"time of request":  {func(e *v1alpha1.TaskExecution) { e.Spec.Trigger.Time = ptr.To(metav1.NowMicro()) }, "spec.trigger.time and spec.trigger.cluster can only be set by Taskexec"},
		"cluster":          {func(e *v1alpha1.TaskExecution) { e.Spec.Trigger.Cluster = "other" }, "spec.trigger.time and spec.trigger.cluster"},
		"requester":        {func(e *v1alpha1.TaskExecution) { e.Spec.Cancel = &v1alpha1.CancelRequest{RequestedBy: "somebody else"} }, "spec.cancel.requestedBy must be omitted"},
	}
	for _, key := range []string{v1alpha1.LabelSchedule, v1alpha1.LabelScheduleUID, v1alpha1.LabelTask, v1alpha1.LabelExecution, v1alpha1.LabelExecutionUID, "taskexec.dev/anything"} {
		forgeries["label "+key] = struct {
			change func(*v1alpha1.TaskExecution)
			says   string
		}{func(e *v1alpha1.TaskExecution) { e.Labels = map[string]string{key: "x"} }, "labels below taskexec.dev/ of a TaskExecution"}
	}
	for _, key := range []string{v1alpha1.AnnotationSubmission, v1alpha1.AnnotationRequestID, v1alpha1.AnnotationRerunOf, v1alpha1.AnnotationScheduledAt, "taskexec.dev/anything"} {
		forgeries["annotation "+key] = struct {
			change func(*v1alpha1.TaskExecution)
			says   string
		}{func(e *v1alpha1.TaskExecution) { e.Annotations = map[string]string{key: "x"} }, "annotations below taskexec.dev/ of a TaskExecution"}
	}
	for name, c := range forgeries {
		t.Run(name, func(t *testing.T) {
			for who, kubectl := range map[string]client.Client{"ann": ann, "a cluster-admin": adminClient} {
				e := l.execution("forged", "mine")
				c.change(e)
				err := kubectl.Create(t.Context(), e)
				t.Log(who)
				wantForbidden(t, err, c.says)
			}
		})
	}
	honest := map[string]func(*v1alpha1.TaskExecution){
		"nothing":        func(*v1alpha1.TaskExecution) {},
		"source kubectl": func(e *v1alpha1.TaskExecution) { e.Spec.Trigger.Source = v1alpha1.TriggerKubectl },
		"one's own name": func(e *v1alpha1.TaskExecution) { e.Spec.Trigger.User = l.userName("ann") },
		"one's own cancel": func(e *v1alpha1.TaskExecution) {
			e.Spec.Cancel = &v1alpha1.CancelRequest{RequestedBy: l.userName("ann")}
		},
		"a trace": func(e *v1alpha1.TaskExecution) {
			e.Annotations = map[string]string{v1alpha1.AnnotationTraceparent: "00-x"}
		},
		"labels of others": func(e *v1alpha1.TaskExecution) {
			e.Labels = map[string]string{"app": "x", v1alpha1.LabelKueueQueue: "q", "nottaskexec.dev/x": "y"}
		},
	}
	for name, change := range honest {
		e := l.execution("honest-"+strings.NewReplacer(" ", "-", "'", "").Replace(name), "mine")
		change(e)
		if err := ann.Create(t.Context(), e); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Nobody else can add, change or remove what Taskexec stated about a run. Everything else can be changed.
func TestCase44MarksStayAsTheyAre(t *testing.T) {
	l := newGatedLab(t, apiServer, "taskexec")
	ann := l.writer(t)
	l.serviceRoles(t)
	l.withPolicies(t, labelPolicies)
	made := l.execution("made", "other")
	made.Labels = map[string]string{v1alpha1.LabelScheduleUID: "u", "team": "a"}
	made.Annotations = map[string]string{v1alpha1.AnnotationSubmission: "hmac", v1alpha1.AnnotationTraceparent: "t"}
	made.Spec.Trigger = v1alpha1.Trigger{Source: v1alpha1.TriggerAPI, User: "bob"}
	if err := kubectlAs(t, facadeUser).Create(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ patch, says string }{
		"a label is changed":        {`{"metadata":{"labels":{"taskexec.dev/schedule-uid":"v"}}}`, "labels below taskexec.dev/ of a TaskExecution"},
		"a label is taken away":     {`{"metadata":{"labels":{"taskexec.dev/schedule-uid":null}}}`, "labels below taskexec.dev/ of a TaskExecution"},
		"all labels are taken away": {`{"metadata":{"labels":null}}`, "labels below taskexec.dev/ of a TaskExecution"},
		"a label is added":          {`{"metadata":{"labels":{"taskexec.dev/schedule":"v"}}}`, "labels below taskexec.dev/ of a TaskExecution"},
		"an annotation is changed":  {`{"metadata":{"annotations":{"taskexec.dev/submission":"v"}}}`, "annotations below taskexec.dev/ of a TaskExecution"},
		"an annotation is removed":  {`{"metadata":{"annotations":{"taskexec.dev/submission":null}}}`, "annotations below taskexec.dev/ of a TaskExecution"},
		"an annotation is added":    {`{"metadata":{"annotations":{"taskexec.dev/rerun-of":"v"}}}`, "annotations below taskexec.dev/ of a TaskExecution"},
		"a cancel of somebody else": {`{"spec":{"cancel":{"requestedBy":"bob"}}}`, "spec.cancel.requestedBy"},
		"other labels":              {`{"metadata":{"labels":{"team":"b","x":"y"}}}`, ""},
		"the trace":                 {`{"metadata":{"annotations":{"taskexec.dev/traceparent":null,"x":"y"}}}`, ""},
		"owners":                    {`{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"x","uid":"y"}]}}`, ""},
		"owners are taken away":     {`{"metadata":{"ownerReferences":null}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := patched(t, ann, l.execution("made", ""), types.MergePatchType, c.patch)
			if c.says != "" {
				wantForbidden(t, err, c.says)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	// A recorded cancel stays when somebody changes something else later.
	facade := kubectlAs(t, facadeUser)
	if err := patched(t, facade, l.execution("made", ""), types.MergePatchType, `{"spec":{"cancel":{"requestedBy":"bob"}}}`); err != nil {
		t.Fatal(err)
	}
	if err := patched(t, ann, l.execution("made", ""), types.MergePatchType, `{"metadata":{"labels":{"team":"c"}}}`); err != nil {
		t.Error(err)
	}
}

// Only the controller writes the status of any kind.
func TestCase44StatusCannotBeForged(t *testing.T) {
	l := newGatedLab(t, apiServer, "taskexec")
	l.serviceRoles(t)
	for _, o := range []client.Object{l.taskOf("mine", nil), l.execution("run", "mine"), l.schedule("nightly", "mine")} {
		if err := adminClient.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	l.withPolicies(t, labelPolicies)
	for _, c := range []struct {
		object client.Object
		patch  string
	}{
		{l.taskOf("mine", nil), `{"status":{"observedGeneration":1}}`},
		{l.execution("run", ""), `{"status":{"phase":"Completed","cancellation":{"requestedBy":"bob","acknowledgedTime":"2026-01-01T00:00:00Z"}}}`},
		{l.schedule("nightly", ""), `{"status":{"handledUntil":"2020-01-01T00:00:00Z"}}`},
	} {
		status := client.RawPatch(types.MergePatchType, []byte(c.patch))
		wantForbidden(t, adminClient.Status().Patch(t.Context(), c.object, status), "only Taskexec's controller may write")
		if err := kubectlAs(t, controllerUser).Status().Patch(t.Context(), c.object, status); err != nil {
			t.Error(err)
		}
	}
}

// If the cluster can fill in names, a run records who asked for it, never somebody else.
func TestCase44CallerIsFilledIn(t *testing.T) {
	l := newGatedLab(t, apiServer, "taskexec")
	l.task(t, "mine")
	l.serviceRoles(t)
	ann := l.writer(t)
	l.withPolicies(t, labelPolicies, labelCaller)
	name := l.userName("ann")
	e := l.execution("run", "mine")
	if err := ann.Create(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if e.Spec.Trigger.User != name || e.Spec.Trigger.Source != v1alpha1.TriggerKubectl || e.Spec.Cancel != nil {
		t.Errorf("created: %+v", e.Spec)
	}
	forged := l.execution("forged", "mine")
	forged.Spec.Trigger.User = "bob"
	wantForbidden(t, ann.Create(t.Context(), forged), "which is "+name)
	// The applied manifest lacks the name. Replacing the run with it is accepted and changes nothing.
	again := l.execution("run", "mine")
	again.ResourceVersion = e.ResourceVersion
	if err := ann.Update(t.Context(), again); err != nil || again.Spec.Trigger.User != name {
		t.Errorf("replaced by the same: %v %+v", err, again.Spec.Trigger)
	}
	admin := l.execution("run", "")
	if err := patched(t, adminClient, admin, types.MergePatchType, `{"spec":{"cancel":{"reason":"x"}}}`); err != nil {
		t.Fatal(err)
	}
	if admin.Spec.Cancel.RequestedBy == "" || admin.Spec.Cancel.RequestedBy == name || admin.Spec.Trigger.User != name {
		t.Errorf("cancelled by another: %+v %+v", admin.Spec.Cancel, admin.Spec.Trigger)
	}
	if err := patched(t, ann, l.execution("run", ""), types.MergePatchType, `{"spec":{"cancel":{"reason":"x"}},"metadata":{"labels":{"a":"b"}}}`); err != nil {
		t.Errorf("the same cancel again: %v", err)
	}
	if err := apply(t, ann, applied("TaskExecution", l.namespace, map[string]any{"taskRef": map[string]any{"name": "mine"}, "cancel": map[string]any{}})); err != nil {
		t.Fatal(err)
	}
	if e := l.live(t, "applied"); e.Spec.Trigger.User != name || e.Spec.Cancel == nil || e.Spec.Cancel.RequestedBy != name {
		t.Errorf("applied: %+v", e.Spec)
	}
	if err := apply(t, ann, applied("TaskExecution", l.namespace, map[string]any{"taskRef": map[string]any{"name": "mine"}, "cancel": map[string]any{}})); err != nil {
		t.Errorf("applied again: %v", err)
	}
	// A name that is too long for the field is truncated as in the facade.
	long := strings.Repeat("长", 300)
	admins := kubectlAsGroup(t, long, "system:masters")
	cut := l.execution("long", "mine")
	if err := admins.Create(t.Context(), cut); err != nil {
		t.Fatal(err)
	}
	if want := string([]rune(long)[:252]) + "…"; cut.Spec.Trigger.User != want {
		t.Errorf("a long name becomes %q", cut.Spec.Trigger.User)
	}
	// Taskexec's own writes are not changed, even if they name nobody.
	scheduled := l.execution("scheduled", "mine")
	scheduled.Spec.Trigger = v1alpha1.Trigger{Source: v1alpha1.TriggerSchedule, Name: "nightly"}
	if err := kubectlAs(t, controllerUser).Create(t.Context(), scheduled); err != nil {
		t.Fatal(err)
	}
	if scheduled.Spec.Trigger.User != "" {
		t.Errorf("the run of a schedule: %+v", scheduled.Spec.Trigger)
	}
}
