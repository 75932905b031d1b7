// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package cluster

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/taskexec/taskexec/hack/localcluster/internal/layout"
	"github.com/taskexec/taskexec/hack/localcluster/internal/network"
)

const (
	portKubelet       = 10250
	portKubeletHealth = 10248
	portProxyMetrics  = 10249
	portProxyHealth   = 10256
)

func (c *Cluster) containerd() component {
	config := layout.Config("containerd.toml")
	cni := layout.Config("cni", "10-bridge.conflist")
	return component{
		name: "containerd", program: filepath.Join(c.programs["containerd"], "containerd"),
		args: []string{"--config", config},
		env:  proxySettings(),
		files: map[string][]byte{
			config: c.containerdConfig(),
			cni:    bridgeConfig(network.MTU()),
		},
		healthy: dialable("unix", layout.ContainerdSocket()),
		grace:   5 * time.Second,
	}
}

// proxySettings returns the proxy settings for pulling images. Nothing else on the node connects to the internet.
func proxySettings() []string {
	var settings []string
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasSuffix(strings.ToUpper(name), "_PROXY") {
			settings = append(settings, entry)
		}
	}
	return settings
}

func (c *Cluster) kubelet() component {
	config, kubeconfig := layout.Config("kubelet.json"), layout.PKI("kubelet-client.conf")
	return component{
		name: "kubelet", program: c.kubernetes("kubelet"),
		args: []string{
			"--config=" + config, "--kubeconfig=" + kubeconfig,
			"--root-dir=" + layout.Kubelet(), "--cert-dir=" + layout.Kubelet("pki"),
			"--hostname-override=" + layout.NodeName, "--node-ip=" + layout.NodeIP,
		},
		files:   map[string][]byte{config: encode(c.kubeletConfig())},
		reads:   []string{kubeconfig, layout.PKI("kubelet.crt"), layout.PKI("ca.crt")},
		listens: onLoopback("kubelet", portKubelet, portKubeletHealth),
		healthy: getOK(local("http", portKubeletHealth) + "/healthz"),
		grace:   5 * time.Second,
	}
}

func (c *Cluster) proxy() component {
	config, kubeconfig := layout.Config("kube-proxy.json"), layout.PKI("kube-proxy.conf")
	return component{
		name: "kube-proxy", program: c.kubernetes("kube-proxy"), args: []string{"--config=" + config},
		files:   map[string][]byte{config: encode(proxyConfig(kubeconfig))},
		reads:   []string{kubeconfig},
		listens: onLoopback("kube-proxy", portProxyMetrics, portProxyHealth),
		healthy: getOK(local("http", portProxyHealth) + "/healthz"),
		grace:   5 * time.Second,
	}
}

// dialable returns a check that connects to an address.
func dialable(protocol, address string) func(context.Context) error {
	return func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, protocol, address)
		if err != nil {
			return err
		}
		return conn.Close()
	}
}

func (c *Cluster) kubeletConfig() map[string]any {
	return map[string]any{
		"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
		"address": loopback, "port": portKubelet, "readOnlyPort": 0,
		"healthzBindAddress": loopback, "healthzPort": portKubeletHealth,
		"tlsCertFile": layout.PKI("kubelet.crt"), "tlsPrivateKeyFile": layout.PKI("kubelet.key"),
		"authentication": map[string]any{
			"anonymous": map[string]any{"enabled": false},
			"webhook":   map[string]any{"enabled": true},
			"x509":      map[string]any{"clientCAFile": layout.PKI("ca.crt")},
		},
		"authorization":            map[string]any{"mode": "Webhook"},
		"containerRuntimeEndpoint": "unix://" + layout.ContainerdSocket(),
		"podLogsDir":               layout.StateDir + "/pod-logs",
		"volumePluginDir":          layout.Kubelet("volume-plugins"),
		"registerNode":             true, "maxPods": 250,
		"clusterDNS": []string{layout.NodeIP}, "clusterDomain": clusterDomain,
		"kubeAPIQPS": 500, "kubeAPIBurst": 1000, "eventRecordQPS": 500, "eventBurst": 1000,
		// This works on machines with cgroups v1 or v2, with or without swap, without the right to lower OOM scores,
		// and without systemd.
		"cgroupDriver": "cgroupfs", "cgroupRoot": "/" + layout.Cgroup, "failCgroupV1": false,
		"failSwapOn": false, "oomScoreAdj": 0, "enforceNodeAllocatable": []string{},
		"makeIPTablesUtilChains": false,
		// A developer's disk is often fuller than a server's. So pods are evicted late, and images are never
		// collected, because images that were loaded by hand cannot be pulled again.
		"evictionHard": map[string]string{
			"memory.available": "100Mi", "nodefs.available": "1%", "nodefs.inodesFree": "1%", "imagefs.available": "1%",
		},
		"imageGCHighThresholdPercent": 100, "imageGCLowThresholdPercent": 99,
		"containerLogMaxSize":         c.settings.LogMaxSize,
		"containerLogMaxFiles":        c.settings.LogMaxFiles,
		"containerLogMonitorInterval": c.settings.LogMonitorInterval,
	}
}

func proxyConfig(kubeconfig string) map[string]any {
	return map[string]any{
		"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration",
		"mode":               "nftables",
		"clientConnection":   map[string]any{"kubeconfig": kubeconfig},
		"hostnameOverride":   layout.NodeName,
		"clusterCIDR":        layout.PodCIDR,
		"healthzBindAddress": net.JoinHostPort(loopback, strconv.Itoa(portProxyHealth)),
		"metricsBindAddress": net.JoinHostPort(loopback, strconv.Itoa(portProxyMetrics)),
		"oomScoreAdj":        0,
		// Two pods of one node share the bridge. An answer would bypass the host, although only the host can
		// translate its address back. Masquerading sends it through the host without the br_netfilter kernel module.
		"nftables": map[string]any{"masqueradeAll": true},
		// Leave the machine's connection tracking limits as they are.
		"conntrack": map[string]any{"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
	}
}
