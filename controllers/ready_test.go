// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// listedTasks has a task in the middle that does not decode.
const listedTasks = `{"metadata":{"name":"first","namespace":"two","resourceVersion":"5"}},
	{"metadata":{"name":"bad","namespace":"one","resourceVersion":"6"},"spec":{"jobTemplate":{"spec":{"template":{"spec":{"overhead":{"memory":"1e1.5"}}}}}}},
	{"metadata":{"name":"last","namespace":"two","resourceVersion":"7"}}`

// anAPIServer answers lists; those of tasks wait for may. Its watches send nothing.
func anAPIServer(t *testing.T, may <-chan struct{}) *rest.Config {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		items, query := "", r.URL.Query()
		switch {
		case query.Has("sendInitialEvents"): // like an older server
			w.WriteHeader(http.StatusUnprocessableEntity)
			_ = json.NewEncoder(w).Encode(metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: http.StatusUnprocessableEntity, Reason: metav1.StatusReasonInvalid})
			return
		case query.Has("watch"):
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			return
		case strings.HasSuffix(r.URL.Path, "/tasks"):
			select {
			case <-may:
			case <-r.Context().Done():
				return
			}
			items = listedTasks
		}
		fmt.Fprintf(w, `{"metadata":{"resourceVersion":"9"},"items":[%s]}`, items)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections) // first, because the watches never end
	return &rest.Config{Host: server.URL, ContentConfig: rest.ContentConfig{ContentType: runtime.ContentTypeJSON}}
}

// The controller is ready once each of its watches has listed its objects, and not before. An object that does not
// decode does not prevent that.
func TestCase21ReadyWhenTheCachesShowTheCluster(t *testing.T) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	mapper := apimeta.NewDefaultRESTMapper(nil)
	for _, kind := range []string{"Task", "TaskExecution", "TaskSchedule"} {
		mapper.Add(v1alpha1.GroupVersion.WithKind(kind), apimeta.RESTScopeNamespace)
	}
	mapper.Add(schema.GroupVersionKind{Group: "batch", Version: "v1", Kind: "Job"}, apimeta.RESTScopeNamespace)
	mapper.Add(schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, apimeta.RESTScopeNamespace)
	options, err := CacheOptions()
	if err != nil {
		t.Fatal(err)
	}
	may := make(chan struct{})
	options.Scheme, options.Mapper = scheme, mapper
	caches, err := cache.New(anAPIServer(t, may), options)
	if err != nil {
		t.Fatal(err)
	}
	ready, err := CachesSynced(t.Context(), caches)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- caches.Start(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	until(t, "all is shown but the tasks", func() bool {
		err := ready(nil)
		if err == nil {
			t.Fatal("it says that it is ready before it has seen a task")
		}
		runs, runsErr := caches.GetInformer(ctx, &v1alpha1.TaskExecution{}, cache.BlockUntilSynced(false))
		return runsErr == nil && runs.HasSynced() && strings.Contains(err.Error(), "the watch of")
	})
	close(may)
	until(t, "it is ready", func() bool { return ready(nil) == nil })
	tasks := &v1alpha1.TaskList{}
	if err := caches.List(ctx, tasks); err != nil || len(tasks.Items) != 3 {
		t.Fatalf("%d tasks, %v", len(tasks.Items), err)
	}
	for i := range tasks.Items {
		if bad := &tasks.Items[i]; (bad.Name == "bad") != (len(bad.Undecoded) == 1) {
			t.Errorf("%s: %s", bad.Name, bad.Undecoded)
		}
	}
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(time.Minute)
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("it did not come true that %s", what)
		case <-ticker.C:
		}
	}
}
