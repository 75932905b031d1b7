// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	_ "embed"
	"net"
	"os"
	"strconv"
	"strings"
)

// stages is the configuration of the simulated nodes and pods.
//
//go:embed kwok.yaml
var stages string

// runForMark is the placeholder in stages for how long a pod runs.
const runForMark = "RUN_FOR_MILLISECONDS"

// startKwok starts kwok, which simulates all nodes. Kubelet serves their logs instead, because kwok has no
// containers, and a log followed at kwok never ends.
func (l *Lab) startKwok(ctx context.Context) (err error) {
	port, err := FreePort()
	if err != nil {
		return err
	}
	config := strings.ReplaceAll(stages, runForMark, strconv.FormatInt(l.RunFor.Milliseconds(), 10))
	if err := os.WriteFile(l.file("kwok.yaml"), []byte(config), 0o600); err != nil {
		return err
	}
	l.kwok, err = l.Run(ctx, "kwok", l.Kwok, healthz("http", port),
		"--kubeconfig="+l.Kubeconfig(), "--config="+l.file("kwok.yaml"), "--manage-all-nodes", "--v=WARN",
		"--node-ip=127.0.0.1", "--node-port="+strconv.Itoa(l.Kubelet.port), "--server-address="+net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	return err
}
