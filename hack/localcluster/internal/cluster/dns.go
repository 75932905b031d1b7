// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package cluster

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/taskexec/taskexec/hack/localcluster/internal/layout"
	"github.com/taskexec/taskexec/hack/localcluster/internal/pki"
	"github.com/taskexec/taskexec/hack/localcluster/internal/preflight"
)

const (
	clusterDomain = "cluster.local"
	portDNS       = 53
	portDNSHealth = 10254
)

// corefile answers queries for Services and forwards all others to the machine's own name servers, if it has any.
const corefile = `.:%d {
	bind %s
	health %s
	errors
	cache 5
	kubernetes %s in-addr.arpa ip6.arpa {
		kubeconfig %s
		pods insecure
		ttl 5
		fallthrough in-addr.arpa ip6.arpa
	}
%s}
`

// dns returns CoreDNS as a daemon at the pods' gateway. It needs neither an image nor pods behind a Service. Without
// DNS, the kubelet would warn about every pod.
func (c *Cluster) dns() component {
	config, kubeconfig := layout.Config("Corefile"), layout.PKI("coredns.conf")
	health := net.JoinHostPort(loopback, strconv.Itoa(portDNSHealth))
	upstream := ""
	if namesServers("/etc/resolv.conf") {
		upstream = "\tforward . /etc/resolv.conf\n"
	}
	content := fmt.Sprintf(corefile, portDNS, layout.NodeIP, health, clusterDomain, kubeconfig, upstream)
	return component{
		name: "coredns", program: filepath.Join(c.programs["coredns"], "coredns"), args: []string{"-conf", config},
		files: map[string][]byte{config: []byte(content)},
		reads: []string{kubeconfig},
		listens: append(onLoopback("coredns", portDNSHealth),
			preflight.Listener{Component: "coredns", IP: layout.NodeIP, Port: portDNS}),
		healthy: getOK("http://" + health + "/health"),
		grace:   time.Second,
	}
}

func namesServers(file string) bool {
	data, _ := os.ReadFile(file)
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "nameserver" {
			return true
		}
	}
	return false
}

// allowDNS grants CoreDNS the read access that its own manifests grant.
func (c *Cluster) allowDNS(ctx context.Context) error {
	const rbac, name = "/apis/rbac.authorization.k8s.io/v1/", "taskexec-localcluster-coredns"
	read := []string{"list", "watch"}
	err := c.create(ctx, rbac+"clusterroles", map[string]any{
		"metadata": map[string]any{"name": name},
		"rules": []any{
			map[string]any{"apiGroups": []string{""}, "resources": []string{"services", "pods", "namespaces"}, "verbs": read},
			map[string]any{"apiGroups": []string{"discovery.k8s.io"}, "resources": []string{"endpointslices"}, "verbs": read},
		},
	})
	if err != nil {
		return err
	}
	return c.create(ctx, rbac+"clusterrolebindings", map[string]any{
		"metadata": map[string]any{"name": name},
		"roleRef":  map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
		"subjects": []any{map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": pki.DNSUser}},
	})
}
