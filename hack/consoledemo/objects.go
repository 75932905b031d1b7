// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

const namespace = "default"

// applySamples creates the sample Tasks and schedules, another Task with every kind of param, and the statuses that the
// controller would write.
func applySamples(ctx context.Context, kube client.Client) error {
	files, err := filepath.Glob("config/samples/task_*.yaml")
	if err != nil {
		return err
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := createTask(ctx, kube, raw); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	if err := createTask(ctx, kube, []byte(everyKind)); err != nil {
		return err
	}
	return createSchedules(ctx, kube)
}

func createTask(ctx context.Context, kube client.Client, raw []byte) error {
	task := &v1alpha1.Task{}
	if err := yaml.UnmarshalStrict(raw, task); err != nil {
		return fmt.Errorf("reading a Task: %w", err)
	}
	task.Namespace = namespace
	if err := kube.Create(ctx, task); err != nil {
		return fmt.Errorf("creating the Task %s: %w", task.Name, err)
	}
	task.Status.ObservedGeneration = task.Generation
	task.Status.Conditions = []metav1.Condition{ready(task.Generation)}
	return kube.Status().Update(ctx, task)
}

func ready(generation int64) metav1.Condition {
	return metav1.Condition{Type: "Ready", Status: metav1.ConditionTrue, Reason: "Ready", ObservedGeneration: generation, LastTransitionTime: metav1.Now()}
}

func createSchedules(ctx context.Context, kube client.Client) error {
	raw, err := os.ReadFile("config/samples/taskschedule_user-space-sync.yaml")
	if err != nil {
		return err
	}
	nightly := &v1alpha1.TaskSchedule{}
	if err := yaml.UnmarshalStrict(raw, nightly); err != nil {
		return fmt.Errorf("reading the sample schedule: %w", err)
	}
	hourly := nightly.DeepCopy()
	hourly.Name, hourly.Spec.TaskRef.Name, hourly.Spec.Schedule, hourly.Spec.Params = "certificate-check-hourly", "certificate-check", "0 * * * *", nil
	for _, schedule := range []*v1alpha1.TaskSchedule{nightly, hourly} {
		schedule.Namespace = namespace
		if err := kube.Create(ctx, schedule); err != nil {
			return fmt.Errorf("creating the TaskSchedule %s: %w", schedule.Name, err)
		}
		next, last := metav1.NewTime(time.Now().Add(7*time.Hour)), metav1.NewTime(time.Now().Add(-17*time.Hour))
		schedule.Status.ObservedGeneration, schedule.Status.ObservedSchedule = schedule.Generation, schedule.Spec.Schedule
		schedule.Status.NextScheduleTime, schedule.Status.LastScheduleTime = &next, &last
		schedule.Status.Conditions = []metav1.Condition{ready(schedule.Generation)}
		if err := kube.Status().Update(ctx, schedule); err != nil {
			return fmt.Errorf("writing the status of the TaskSchedule %s: %w", schedule.Name, err)
		}
	}
	return nil
}

// administrator returns a token of an account that may do everything.
func administrator(ctx context.Context, kube client.Client, audiences []string) (string, error) {
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: namespace}}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "demo"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: account.Name, Namespace: namespace}},
	}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: audiences}}
	if err := errors.Join(kube.Create(ctx, account), kube.Create(ctx, binding)); err != nil {
		return "", fmt.Errorf("creating the account demo: %w", err)
	}
	if err := kube.SubResource("token").Create(ctx, account, request); err != nil {
		return "", fmt.Errorf("creating a token of the account demo: %w", err)
	}
	return request.Status.Token, nil
}

// etcd is the store of the API server. Runs are written there directly, because only so they can be older than now.
type etcd struct{ url string }

func (e etcd) put(ctx context.Context, execution *v1alpha1.TaskExecution) error {
	value, err := json.Marshal(execution)
	if err != nil {
		return err
	}
	key := "/registry/taskexec.dev/taskexecutions/" + execution.Namespace + "/" + execution.Name
	body, err := json.Marshal(map[string]string{"key": base64.StdEncoding.EncodeToString([]byte(key)), "value": base64.StdEncoding.EncodeToString(value)})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url+"/v3/kv/put", bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("writing the run %s: %w", execution.Name, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("writing the run %s: etcd answered %s", execution.Name, response.Status)
	}
	return nil
}

// everyKind is a Task whose params have every kind of field.
const everyKind = `
apiVersion: taskexec.dev/v1alpha1
kind: Task
metadata: {name: customer-data-warehouse-incremental-reconciliation}
spec:
  description: 核对数据仓库与业务库 · Reconciles the data warehouse with the source database, in batches, and reports what differs
  parameters:
    type: object
    required: [source, mode, window]
    properties:
      source: {type: string, format: hostname, description: Host of the source database, maxLength: 253}
      password: {type: string, minLength: 8, writeOnly: true, description: Password of the read-only user}
      mode: {type: string, enum: [report, repair, repair-and-notify], default: report}
      window:
        type: object
        description: What is compared
        required: [days]
        properties:
          days: {type: integer, minimum: 1, maximum: 90, default: 7}
          timeZone: {type: string, default: Asia/Shanghai}
      tables: {type: array, items: {type: string}, maxItems: 50, default: [orders, invoices]}
      threshold: {type: number, exclusiveMinimum: 0, maximum: 1, default: 0.01}
      notify: {type: boolean}
      overrides: {description: Settings of single tables, type: object, additionalProperties: {oneOf: [{type: string}, {type: number}]}}
  timeout: 45m
  retries: 2
  concurrency: {policy: Queue, maxRunning: 1}
  jobTemplate:
    spec:
      template:
        spec:
          containers: [{name: main, image: "busybox:1.37", command: ["true"]}]
`
