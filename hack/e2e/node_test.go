// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	quantities "k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/hack/scrape"
)

// operatorNamespace is the namespace of the two programs.
const operatorNamespace = "taskexec-system"

// localcluster runs the localcluster program, which can restart parts of the node.
func localcluster(t *testing.T, args ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), localclusterProgram(t), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("localcluster %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func localclusterProgram(t *testing.T) string {
	t.Helper()
	program := os.Getenv("E2E_LOCALCLUSTER")
	if program == "" {
		t.Skip("this test needs the node of the local cluster (E2E_LOCALCLUSTER)")
	}
	return program
}

// settled waits until the node and the operator are ready again after a test disturbed them.
func settled(t *testing.T) {
	t.Helper()
	program := localclusterProgram(t)
	eventually(t, "the node and the operator are well again", func() (bool, string) {
		if out, err := exec.CommandContext(t.Context(), program, "status").CombinedOutput(); err != nil {
			return false, string(out)
		}
		deployments := &appsv1.DeploymentList{}
		if err := kube.List(t.Context(), deployments, client.InNamespace(operatorNamespace)); err != nil {
			return false, err.Error()
		}
		for i := range deployments.Items {
			if d := &deployments.Items[i]; d.Status.ReadyReplicas < *d.Spec.Replicas {
				return false, d.Name + " is not ready: " + text(d.Status)
			}
		}
		return len(deployments.Items) > 0, "no deployment"
	})
}

// nodeFolder returns the folder of the node's files in the local cluster. The API server does not proxy requests to a
// node on loopback.
func nodeFolder(t *testing.T) string {
	t.Helper()
	localclusterProgram(t)
	return filepath.Dir(os.Getenv("KUBECONFIG"))
}

// rotatingEarly skips the test unless the kubelet rotates logs at 64 KiB and checks their sizes at least every 3
// seconds.
func rotatingEarly(t *testing.T) {
	t.Helper()
	var config struct {
		Size     quantities.Quantity `json:"containerLogMaxSize"`
		Interval metav1.Duration     `json:"containerLogMonitorInterval"`
	}
	raw, err := os.ReadFile(filepath.Join(nodeFolder(t), "config", "kubelet.json"))
	if err == nil {
		err = json.Unmarshal(raw, &config)
	}
	if err != nil {
		t.Fatalf("the kubelet's configuration: %v", err)
	}
	if config.Size.Value() > 64<<10 || config.Interval.Duration > 3*time.Second {
		t.Skipf("the kubelet rotates logs at %s, looking every %s. This test wants: localcluster up --container-log-max-size 64Ki --container-log-monitor-interval 3s",
			&config.Size, config.Interval.Duration)
	}
}

// rotatedFiles counts the rotated files of a container's log.
func rotatedFiles(t *testing.T, pod v1alpha1.PodMirror, container string) int {
	t.Helper()
	pattern := filepath.Join(nodeFolder(t), "pod-logs", namespace+"_"+pod.Name+"_"+string(pod.UID), container, "0.log.*")
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// controllerMemory returns the controller's resident memory in bytes, or 0 if it does not answer.
func controllerMemory(t *testing.T) int64 {
	t.Helper()
	return int64(controllerMetric(t, "process_resident_memory_bytes "))
}

// controllerMetric returns the sum of the controller's metrics whose lines have this prefix, or 0 if it does not
// answer.
func controllerMetric(t *testing.T, begins string) (sum float64) {
	t.Helper()
	localclusterProgram(t) // the pods of other clusters are not reachable from here
	pods := &corev1.PodList{}
	if err := kube.List(t.Context(), pods, client.InNamespace(operatorNamespace),
		client.MatchingLabels{"app.kubernetes.io/component": "controller"}); err != nil || len(pods.Items) == 0 {
		return 0
	}
	code, body, err := scrape.Controller(t.Context(), pods.Items[0].Status.PodIP, os.Getenv("E2E_METRICS_TOKEN"))
	if err != nil || code != http.StatusOK {
		return 0
	}
	for scanner := bufio.NewScanner(bytes.NewReader(body)); scanner.Scan(); {
		if line := scanner.Text(); strings.HasPrefix(line, begins) {
			n, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
			if err != nil {
				t.Fatal(err)
			}
			sum += n
		}
	}
	return sum
}
