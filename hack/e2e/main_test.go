// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// namespace is the namespace that the deployed facade serves.
const namespace = "default"

// callerName is the account that E2E_TOKEN belongs to.
const callerName = "system:serviceaccount:" + namespace + ":e2e"

// patience is how long a test waits for a real pod on a busy machine.
const patience = 2 * time.Minute

var (
	// url is the facade's address. token belongs to an account that has all rights there.
	url, token string
	// kube reads and writes without a cache, as kubectl does.
	kube client.WithWatch
	// raw reads paths that are not resources, such as metrics and those of the kubelet.
	raw rest.Interface
	// clientset creates tokens.
	clientset *kubernetes.Clientset
)

func TestMain(m *testing.M) {
	if err := connect(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
	code := m.Run()
	if err := traffic.verdict(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	if err := ownRights.verdict(flag.Lookup("test.run").Value.String() == ""); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	if err := cleanUp(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e: cleaning up:", err)
	}
	os.Exit(code)
}

func connect() error {
	url = os.Getenv("E2E_URL")
	if url == "" {
		return fmt.Errorf("E2E_URL is not set; run these tests by `make test-e2e`")
	}
	token = os.Getenv("E2E_TOKEN")
	if token == "" {
		return fmt.Errorf("E2E_TOKEN is not set; run these tests by `make test-e2e`")
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return err
		}
	}
	ctrl.SetLogger(logr.Discard()) // the client's warnings do not matter here
	kube, err = client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return err
	}
	clientset, err = kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	raw = clientset.RESTClient()
	return nil
}

// cleanUp deletes what the tests created, for clusters that are used again.
func cleanUp() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ours := client.MatchingLabels{testLabel: "true"}
	tasks := &v1alpha1.TaskList{}
	if err := kube.List(ctx, tasks, client.InNamespace(namespace), ours); err != nil {
		return err
	}
	made := map[string]bool{}
	for i := range tasks.Items {
		made[tasks.Items[i].Name] = true
	}
	executions := &v1alpha1.TaskExecutionList{}
	if err := kube.List(ctx, executions, client.InNamespace(namespace)); err != nil {
		return err
	}
	for i := range executions.Items {
		if e := &executions.Items[i]; made[e.Spec.TaskRef.Name] || e.Labels[testLabel] != "" {
			if err := client.IgnoreNotFound(kube.Delete(ctx, e)); err != nil {
				return err
			}
		}
	}
	if err := kube.DeleteAllOf(ctx, &v1alpha1.Task{}, client.InNamespace(namespace), ours); err != nil {
		return err
	}
	return kube.DeleteAllOf(ctx, &corev1.ConfigMap{}, client.InNamespace(namespace), ours)
}

// testLabel marks the objects that the tests created.
const testLabel = "test.taskexec.dev/e2e"

func objectMeta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{testLabel: "true"}}
}
