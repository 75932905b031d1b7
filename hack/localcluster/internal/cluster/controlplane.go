// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package cluster

import (
	"net"
	"strconv"
	"time"

	"github.com/taskexec/taskexec/hack/localcluster/internal/layout"
	"github.com/taskexec/taskexec/hack/localcluster/internal/preflight"
)

// Ports of the control plane. Pods can reach the API server's only. All others are on loopback.
const (
	portAPI         = 6443
	portEtcd        = 2379
	portEtcdPeer    = 2380
	portEtcdMetrics = 2381
	portManager     = 10257
	portScheduler   = 10259
)

const loopback = "127.0.0.1"

// APIServerURL returns the API server's URL. It is the same for the host, the pods and the node.
func APIServerURL() string {
	return "https://" + net.JoinHostPort(layout.NodeIP, strconv.Itoa(portAPI))
}

func local(scheme string, port int) string {
	return scheme + "://" + net.JoinHostPort(loopback, strconv.Itoa(port))
}

func onLoopback(component string, ports ...int) []preflight.Listener {
	var listeners []preflight.Listener
	for _, port := range ports {
		listeners = append(listeners, preflight.Listener{Component: component, IP: loopback, Port: port})
	}
	return listeners
}

func (c *Cluster) etcd() component {
	crt, key, ca := layout.PKI("etcd.crt"), layout.PKI("etcd.key"), layout.PKI("etcd-ca.crt")
	return component{
		name: "etcd", program: c.kubernetes("etcd"), reads: []string{crt, ca},
		args: []string{
			"--name=" + layout.NodeName,
			"--data-dir=" + c.etcdData(),
			"--listen-client-urls=" + local("https", portEtcd),
			"--advertise-client-urls=" + local("https", portEtcd),
			"--listen-peer-urls=" + local("https", portEtcdPeer),
			"--initial-advertise-peer-urls=" + local("https", portEtcdPeer),
			"--initial-cluster=" + layout.NodeName + "=" + local("https", portEtcdPeer),
			"--listen-metrics-urls=" + local("http", portEtcdMetrics),
			"--cert-file=" + crt, "--key-file=" + key, "--trusted-ca-file=" + ca, "--client-cert-auth",
			"--peer-cert-file=" + crt, "--peer-key-file=" + key, "--peer-trusted-ca-file=" + ca, "--peer-client-cert-auth",
			// A disposable cluster may lose its last writes if the machine crashes. If only the process is killed,
			// nothing is lost, because the kernel has the data.
			"--unsafe-no-fsync",
			"--auto-compaction-mode=periodic", "--auto-compaction-retention=5m",
			"--quota-backend-bytes=8589934592",
			"--log-level=warn",
		},
		listens: onLoopback("etcd", portEtcd, portEtcdPeer, portEtcdMetrics),
		healthy: getOK(local("http", portEtcdMetrics) + "/health"),
		grace:   5 * time.Second,
	}
}

func (c *Cluster) etcdData() string { return layout.StateDir + "/etcd" }

// auditPolicy logs only the requests of the service accounts in the namespace taskexec-system, without bodies. The
// end-to-end tests compare them with the rights of these accounts.
func auditPolicy() []byte {
	return encode(map[string]any{
		"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": []string{"RequestReceived"},
		"rules": []map[string]any{
			{"level": "Metadata", "userGroups": []string{"system:serviceaccounts:taskexec-system"}},
			{"level": "None"},
		},
	})
}

func (c *Cluster) apiserver() component {
	audit := layout.Config("audit-policy.json")
	args := []string{
		"--advertise-address=" + layout.NodeIP, // never loopback, because the `kubernetes` Service leads to this address
		"--bind-address=" + layout.NodeIP,      // reachable from pods and from the host, but not from the rest of the network
		"--secure-port=" + strconv.Itoa(portAPI),
		"--tls-cert-file=" + layout.PKI("apiserver.crt"), "--tls-private-key-file=" + layout.PKI("apiserver.key"),
		"--client-ca-file=" + layout.PKI("ca.crt"),
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--allow-privileged=true",
		"--etcd-servers=" + local("https", portEtcd),
		"--etcd-cafile=" + layout.PKI("etcd-ca.crt"),
		"--etcd-certfile=" + layout.PKI("apiserver-etcd-client.crt"),
		"--etcd-keyfile=" + layout.PKI("apiserver-etcd-client.key"),
		"--service-cluster-ip-range=" + layout.ServiceCIDR,
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + layout.PKI("sa.pub"),
		"--service-account-signing-key-file=" + layout.PKI("sa.key"),
		"--kubelet-certificate-authority=" + layout.PKI("ca.crt"),
		"--kubelet-client-certificate=" + layout.PKI("apiserver-kubelet-client.crt"),
		"--kubelet-client-key=" + layout.PKI("apiserver-kubelet-client.key"),
		"--kubelet-preferred-address-types=Hostname", // "localhost": logs and exec stay on loopback
		"--requestheader-client-ca-file=" + layout.PKI("front-proxy-ca.crt"),
		"--requestheader-allowed-names=front-proxy-client",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-username-headers=X-Remote-User",
		"--proxy-client-cert-file=" + layout.PKI("front-proxy-client.crt"),
		"--proxy-client-key-file=" + layout.PKI("front-proxy-client.key"),
		"--enable-aggregator-routing=true",
		"--audit-policy-file=" + audit, "--audit-log-path=" + layout.Logs("audit.log"),
		"--audit-log-maxsize=64", "--audit-log-maxbackup=2", // in MiB
	}
	return component{
		name: "kube-apiserver", program: c.kubernetes("kube-apiserver"), args: args,
		files: map[string][]byte{audit: auditPolicy()},
		reads: []string{
			layout.PKI("apiserver.crt"), layout.PKI("ca.crt"), layout.PKI("sa.pub"),
			layout.PKI("apiserver-etcd-client.crt"), layout.PKI("front-proxy-client.crt"), layout.PKI("apiserver-kubelet-client.crt"),
		},
		listens: []preflight.Listener{{Component: "kube-apiserver", IP: layout.NodeIP, Port: portAPI}},
		healthy: c.apiReady,
		// After SIGTERM, it waits up to a minute for watches that clients do not close.
		grace: 15 * time.Second,
	}
}

func (c *Cluster) controllerManager() component {
	kubeconfig := layout.PKI("controller-manager.conf")
	return component{
		name: "kube-controller-manager", program: c.kubernetes("kube-controller-manager"),
		args: []string{
			"--kubeconfig=" + kubeconfig, "--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
			"--bind-address=" + loopback, "--secure-port=" + strconv.Itoa(portManager),
			"--tls-cert-file=" + layout.PKI("controller-manager.crt"), "--tls-private-key-file=" + layout.PKI("controller-manager.key"),
			"--leader-elect=false", // it has no other replica, and would exit if it failed to renew its lease
			"--use-service-account-credentials=true",
			"--root-ca-file=" + layout.PKI("ca.crt"),
			"--service-account-private-key-file=" + layout.PKI("sa.key"),
			"--cluster-signing-cert-file=" + layout.PKI("ca.crt"), "--cluster-signing-key-file=" + layout.PKI("ca.key"),
			"--service-cluster-ip-range=" + layout.ServiceCIDR,
			"--flex-volume-plugin-dir=" + layout.Kubelet("volume-plugins"), // it creates this folder, by default outside of our folders
			"--kube-api-qps=500", "--kube-api-burst=1000",
		},
		reads:   []string{kubeconfig, layout.PKI("controller-manager.crt")},
		listens: onLoopback("kube-controller-manager", portManager),
		healthy: c.getOverTLS(local("https", portManager) + "/healthz"),
		grace:   5 * time.Second,
	}
}

func (c *Cluster) scheduler() component {
	kubeconfig := layout.PKI("scheduler.conf")
	config := layout.Config("scheduler.json")
	return component{
		name: "kube-scheduler", program: c.kubernetes("kube-scheduler"),
		args: []string{
			"--config=" + config, "--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
			"--bind-address=" + loopback, "--secure-port=" + strconv.Itoa(portScheduler),
			"--tls-cert-file=" + layout.PKI("scheduler.crt"), "--tls-private-key-file=" + layout.PKI("scheduler.key"),
		},
		files: map[string][]byte{config: encode(map[string]any{
			"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration",
			"clientConnection": map[string]any{"kubeconfig": kubeconfig, "qps": 500, "burst": 1000},
			"leaderElection":   map[string]any{"leaderElect": false},
		})},
		reads:   []string{kubeconfig, layout.PKI("scheduler.crt")},
		listens: onLoopback("kube-scheduler", portScheduler),
		healthy: c.getOverTLS(local("https", portScheduler) + "/healthz"),
		grace:   5 * time.Second,
	}
}
