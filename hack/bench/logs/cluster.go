// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/hack/bench/harness"
	"github.com/taskexec/taskexec/hack/scrape"
)

// cluster is the cluster under test.
type cluster struct {
	*options
	kube client.WithWatch
	// raw reads paths that are not resources.
	raw  rest.Interface
	http http.Client
}

func connect(o *options) (*cluster, error) {
	config, err := ctrl.GetConfig()
	if err != nil {
		return nil, fmt.Errorf("finding a cluster: %w", err)
	}
	config.QPS = -1 // all runs must be created at once
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	kube, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connecting to the cluster: %w", err)
	}
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connecting to the cluster: %w", err)
	}
	return &cluster{options: o, kube: kube, raw: clientset.RESTClient(), http: http.Client{Timeout: time.Minute}}, nil
}

func (c *cluster) watch(ctx context.Context, task string) (watch.Interface, error) {
	watched, err := c.kube.Watch(ctx, &v1alpha1.TaskExecutionList{}, client.InNamespace(c.namespace), client.MatchingLabels{label: task})
	if err != nil {
		return nil, fmt.Errorf("watching the executions: %w", err)
	}
	return watched, nil
}

// create creates the Task and its runs.
func (c *cluster) create(ctx context.Context, task string, begin time.Time) error {
	if err := c.kube.Create(ctx, c.task(task)); err != nil {
		return fmt.Errorf("creating the task: %w", err)
	}
	for i := range c.runs {
		if err := c.kube.Create(ctx, c.execution(task, i, begin)); err != nil {
			return fmt.Errorf("creating execution %d: %w", i, err)
		}
	}
	return nil
}

// remove deletes what create created, even after an interrupt.
func (c *cluster) remove(task string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, object := range []client.Object{&v1alpha1.TaskExecution{}, &v1alpha1.Task{}} {
		if err := c.kube.DeleteAllOf(ctx, object, client.InNamespace(c.namespace), client.MatchingLabels{label: task}); err != nil {
			return fmt.Errorf("removing what was made: %w", err)
		}
	}
	return nil
}

// controllerMetrics reads the metrics of the deployed controller.
func (c *cluster) controllerMetrics(ctx context.Context) (harness.Samples, error) {
	const operator = "taskexec-system"
	pods := &corev1.PodList{}
	if err := c.kube.List(ctx, pods, client.InNamespace(operator), client.MatchingLabels{"app.kubernetes.io/component": "controller"}); err != nil {
		return nil, fmt.Errorf("finding the controller: %w", err)
	}
	if len(pods.Items) != 1 {
		return nil, fmt.Errorf("there are %d controllers, want one", len(pods.Items))
	}
	code, body, err := scrape.Controller(ctx, pods.Items[0].Status.PodIP, os.Getenv("E2E_METRICS_TOKEN"))
	if err != nil {
		return nil, err
	}
	if code != http.StatusOK {
		return nil, fmt.Errorf("the controller answers %s to E2E_METRICS_TOKEN: %s", http.StatusText(code), body)
	}
	return harness.ParseMetrics(bytes.NewReader(body))
}

// serverMetrics reads the metrics of the API server.
func (c *cluster) serverMetrics(ctx context.Context) (harness.Samples, error) {
	return c.metrics(ctx, "/metrics")
}

func (c *cluster) metrics(ctx context.Context, path string) (harness.Samples, error) {
	body, err := c.raw.Get().AbsPath(path).Stream(ctx)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return harness.ParseMetrics(body)
}

// wholeLog reads a run's complete log from the REST API, as the containers printed it.
func (c *cluster) wholeLog(ctx context.Context, id string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/tasks/executions/"+id+"/logs", nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Accept", "text/plain")
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the log of %s answers %s", id, answer.Status)
	}
	return io.ReadAll(answer.Body)
}
