// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package pki

import (
	"crypto/x509"

	"github.com/taskexec/taskexec/hack/localcluster/internal/layout"
)

var (
	server = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	client = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	both   = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
)

// File names of the authorities.
const (
	ClusterCA    = "ca"
	EtcdCA       = "etcd-ca"
	FrontProxyCA = "front-proxy-ca"
)

// DNSUser is CoreDNS's user name. Kubernetes itself grants it no rights, unlike the other users.
const DNSUser = "taskexec-localcluster:coredns"

// Users lists the clients that get a kubeconfig, by the file names of their certificates.
var Users = []string{"admin", "controller-manager", "scheduler", "kubelet-client", "kube-proxy", "coredns"}

// Plan lists every certificate by the authority that signs it.
func Plan() map[string][]Leaf {
	loopback := []string{"localhost", "127.0.0.1"}
	apiserver := []string{
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
		"localhost", "127.0.0.1", layout.NodeIP, layout.ServiceIP,
	}
	const administrators = "system:masters"
	return map[string][]Leaf{
		ClusterCA: {
			{Name: "apiserver", CommonName: "kube-apiserver", Hosts: apiserver, Usages: server},
			{Name: "apiserver-kubelet-client", CommonName: "kube-apiserver-kubelet-client", Organization: administrators, Usages: client},
			{
				Name: "kubelet", CommonName: "system:node:" + layout.NodeName, Organization: "system:nodes",
				Hosts: []string{layout.NodeName, "127.0.0.1", layout.NodeIP}, Usages: server,
			},
			{Name: "kubelet-client", CommonName: "system:node:" + layout.NodeName, Organization: "system:nodes", Usages: client},
			{Name: "admin", CommonName: "kubernetes-admin", Organization: administrators, Usages: client},
			{Name: "controller-manager", CommonName: "system:kube-controller-manager", Hosts: loopback, Usages: both},
			{Name: "scheduler", CommonName: "system:kube-scheduler", Hosts: loopback, Usages: both},
			{Name: "coredns", CommonName: DNSUser, Usages: client},
			{Name: "kube-proxy", CommonName: "system:kube-proxy", Usages: client},
		},
		EtcdCA: {
			{Name: "etcd", CommonName: "etcd", Hosts: loopback, Usages: both},
			{Name: "apiserver-etcd-client", CommonName: "kube-apiserver-etcd-client", Usages: client},
		},
		FrontProxyCA: {
			{Name: "front-proxy-client", CommonName: "front-proxy-client", Usages: client},
		},
	}
}
