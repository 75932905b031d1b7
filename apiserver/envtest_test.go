// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package apiserver

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/kube"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/hack/controlplane"
)

var (
	apiServer *rest.Config
	// adminClient reads and writes without a cache, as a user other than the facade.
	adminClient client.WithWatch
)

func TestMain(m *testing.M) {
	os.Exit(controlplane.Run(m, facadeUser, func(c controlplane.ControlPlane) {
		apiServer, adminClient, audited = c.Config, c.Kube, c.AuditLog
	}))
}

// lab is a facade over a namespace of its own.
type lab struct {
	http.Handler
	store     *kube.Store
	namespace string
}

func newLab(t *testing.T) lab {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "facade-"}}
	if err := adminClient.Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	return facadeOf(t, namespace.Name)
}

// facadeOf returns a facade over a namespace, with its own cache.
func facadeOf(t *testing.T, namespace string) lab {
	t.Helper()
	return facadeWith(t, apiServer, namespace)
}

// facadeWith returns a facade with the rights of a config.
func facadeWith(t *testing.T, config *rest.Config, namespace string) lab {
	t.Helper()
	stores, err := kube.New(t.Context(), config, namespace)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- stores.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the cache ended with %v", err)
		}
	})
	if !stores.Synced(t.Context()) {
		t.Fatal("the cache did not sync")
	}
	store := stores.In(namespace)
	return lab{facade(store), store, namespace}
}

func (l lab) create(t *testing.T, o client.Object) {
	t.Helper()
	o.SetNamespace(l.namespace)
	o.SetResourceVersion("")
	o.SetGeneration(0)
	o.SetCreationTimestamp(metav1.Time{})
	if err := adminClient.Create(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

func (l lab) task(t *testing.T, name string, schema ...string) {
	t.Helper()
	task := fixture.Task(name, schema...)
	task.Spec.JobTemplate.Spec.Template.Spec.Containers = []corev1.Container{{Name: "main", Image: "x"}}
	l.create(t, task)
}

// live reads an execution from the API server.
func (l lab) live(t *testing.T, id string) *v1alpha1.TaskExecution {
	t.Helper()
	e := &v1alpha1.TaskExecution{}
	if err := adminClient.Get(t.Context(), client.ObjectKey{Namespace: l.namespace, Name: id}, e); err != nil {
		t.Fatal(err)
	}
	return e
}

// phase updates a status as the controller does: with the resourceVersion that it read.
func (l lab) phase(ctx context.Context, e *v1alpha1.TaskExecution, phase v1alpha1.Phase) error {
	changed := e.DeepCopy()
	changed.Status.Phase = phase
	return adminClient.Status().Patch(ctx, changed, client.MergeFromWithOptions(e, client.MergeFromWithOptimisticLock{}))
}

func (l lab) execute(t *testing.T, task string) string {
	t.Helper()
	return ok[submit.Started](t, l, "POST", "/tasks/"+task+"/execute/api", "").ExecutionID
}

// Run serves until it is stopped, and returns an error if it cannot serve.
func TestRun(t *testing.T) {
	o := DefaultOptions()
	o.BindAddress, o.ShutdownDelay = "127.0.0.1:0", 0
	log := &logged{}
	o.Log = log.logger()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, apiServer, o) }()
	until(t, "it is ready", func() bool { return strings.Contains(log.String(), "Ready") })
	_, address, _ := strings.Cut(log.String(), `"address"="`)
	address, _, _ = strings.Cut(address, `"`)
	if code, body, err := get(t, "http://"+address+"/readyz"); err != nil || code != http.StatusOK {
		t.Errorf("/readyz: %d %s %v", code, body, err)
	}
	o.BindAddress = address
	if err := Run(t.Context(), apiServer, o); err == nil || !strings.Contains(err.Error(), "--bind-address") {
		t.Errorf("a port that is taken: %v", err)
	}
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("it did not stop")
	}
}
