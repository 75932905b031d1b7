// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"net/http"
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/hack/scrape"
)

// The deployed controller serves its metrics over TLS, and only to tokens that may read them. It rejects requests
// without a token, and accounts that have all rights on Tasks but none on metrics.
func TestCase63DeployedMetricsTakeAToken(t *testing.T) {
	settled(t)
	pods := &corev1.PodList{}
	if err := kube.List(t.Context(), pods, client.InNamespace(operatorNamespace), client.MatchingLabels{"app.kubernetes.io/component": "controller"}); err != nil || len(pods.Items) == 0 {
		t.Fatalf("%d controllers, %v", len(pods.Items), err)
	}
	for name, c := range map[string]struct {
		token string
		code  int
	}{
		"a scraper":             {os.Getenv("E2E_METRICS_TOKEN"), http.StatusOK},
		"nobody":                {"", http.StatusUnauthorized},
		"who may run all Tasks": {tokenOf(t, "e2e"), http.StatusForbidden},
	} {
		code, body, err := scrape.Controller(t.Context(), pods.Items[0].Status.PodIP, c.token)
		if err != nil || code != c.code || strings.Contains(string(body), "workqueue_depth") != (c.code == http.StatusOK) {
			t.Errorf("%s: %d %v, want %d: %.200s", name, code, err, c.code, body)
		}
	}
}
