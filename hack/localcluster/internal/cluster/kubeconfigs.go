// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package cluster

import (
	"net/http"
	"net/url"
	"os"
	"strconv"

	"github.com/taskexec/taskexec/hack/localcluster/internal/layout"
	"github.com/taskexec/taskexec/hack/localcluster/internal/pki"
)

// writeKubeconfigs writes a kubeconfig for each user. The administrator's has a well-known path, which root and the
// user who called sudo can read.
func writeKubeconfigs() error {
	for _, user := range pki.Users {
		data, err := pki.Kubeconfig(layout.PKI(), user, APIServerURL())
		if err != nil {
			return err
		}
		path := layout.PKI(user + ".conf")
		if user == "admin" {
			path = layout.Kubeconfig()
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return err
		}
	}
	if uid, err := strconv.Atoi(os.Getenv("SUDO_UID")); err == nil {
		return os.Chown(layout.Kubeconfig(), uid, -1)
	}
	return nil
}

// warnOfProxy warns if clients would send requests for the node's address to a proxy, which cannot reach it. NO_PROXY
// must cover the address, because only loopback is exempt by default.
func (c *Cluster) warnOfProxy() {
	request := &http.Request{URL: &url.URL{Scheme: "https", Host: layout.NodeIP}}
	if proxy, err := http.ProxyFromEnvironment(request); err == nil && proxy != nil {
		c.progress.Note("HTTPS_PROXY is set: add %s to NO_PROXY, or kubectl will not reach the cluster", layout.PodCIDR)
	}
}
