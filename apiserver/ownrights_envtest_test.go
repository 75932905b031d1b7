// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package apiserver

import (
	"net/http"
	"path/filepath"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/wire"
	"github.com/taskexec/taskexec/hack/rights"
)

// audited is the API server's audit log.
var audited *rights.Log

// The facade serves each route with its own account, in a namespace with the policies. No request is refused, and every
// right is used.
func TestCase47OwnRightsOfTheFacade(t *testing.T) {
	l := newGatedLab(t, apiServer)
	l.serviceRoles(t)
	l.withPolicies(t, labelPolicies, labelCaller)
	config, err := rights.Account(t.Context(), adminClient, apiServer, "taskexec-system", "taskexec-apiserver")
	if err != nil {
		t.Fatal(err)
	}
	l.lab = facadeWith(t, config, l.namespace)
	task := l.taskOf("sync", nil)
	task.Spec.Parameters = &apiextensionsv1.JSON{Raw: []byte(`{"type":"object","properties":{"password":{"type":"string","writeOnly":true}}}`)}
	if err := adminClient.Create(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	until(t, "the facade sees the task", func() bool { return call(t, l, "GET", "/tasks/sync", "").Code == http.StatusOK })
	made := ok[submit.Started](t, l, "POST", "/tasks/sync/execute/api", `{"params":{"password":"hunter22"}}`)
	if made.Trigger.Source != string(v1alpha1.TriggerAPI) {
		t.Errorf("trigger %+v", made.Trigger)
	}
	path := "/tasks/executions/" + made.ExecutionID
	for _, r := range []request{
		{"GET", "/tasks/running/execution/" + made.ExecutionID, ""},
		{"GET", path + "/explain", ""},
		{"GET", path + "/logs", ""},
		{"GET", "/tasks/running/execution/not-in-the-cache", ""},
		{"POST", path + "/rerun", `{"params":{}}`},
		{"POST", "/triggers/cron", `{"name":"nightly","taskName":"sync","schedule":"@yearly"}`},
		{"PUT", "/triggers/cron/nightly", `{"taskName":"sync","schedule":"@monthly"}`},
		{"POST", "/triggers/cron/nightly/toggle", ""},
		{"GET", "/triggers/cron/not-in-the-cache", ""},
		{"GET", "/tasks/not-in-the-cache", ""},
		{"DELETE", "/triggers/cron/nightly", ""},
		{"DELETE", "/tasks/executions/cancel/all", ""},
	} {
		if w := call(t, l, r.method, r.path, r.body); w.Code >= 500 {
			t.Errorf("%s %s: %d %s", r.method, r.path, w.Code, w.Body)
		}
	}
	if err := l.phase(t.Context(), l.live(t, made.ExecutionID), v1alpha1.PhaseCancelled); err == nil {
		t.Error("somebody else than the controller wrote a status")
	}
	ended := l.live(t, made.ExecutionID)
	changed := ended.DeepCopy()
	changed.Status.Phase = v1alpha1.PhaseCancelled
	changed.Status.Job = &v1alpha1.JobIdentity{Name: "job", UID: "job"}
	if err := kubectlAs(t, controllerUser).Status().Patch(t.Context(), changed, client.MergeFrom(ended)); err != nil {
		t.Fatal(err)
	}
	until(t, "the facade sees the end", func() bool {
		return ok[wire.Execution](t, l, "GET", "/tasks/running/execution/"+made.ExecutionID, "").Phase == string(v1alpha1.PhaseCancelled)
	})
	call(t, l, "GET", path+"/logs", "")    // it looks for the pods
	call(t, l, "GET", path+"/explain", "") // it reads the Job and the Events
	if w := call(t, l, "DELETE", path, ""); w.Code != http.StatusNoContent {
		t.Errorf("deleting: %d %s", w.Code, w.Body)
	}
	granted, err := rights.GrantedBy(filepath.Join("..", "config", "rbac", "apiserver_role.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	used, err := audited.Of(facadeUser)
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range rights.Compare(used, granted, map[rights.Right]bool{
		"get pods/log": true, // no kubelet is here: the end-to-end tests read logs
		// The cache uses streaming lists, and lists only if an API server does not support them.
		"list taskexec.dev/taskexecutions": true, "list taskexec.dev/tasks": true, "list taskexec.dev/taskschedules": true,
	}) {
		t.Error(wrong)
	}
	t.Logf("used: %s", used)
}
