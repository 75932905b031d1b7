// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// The values of --metrics-auth.
const (
	// authKubernetes asks the API server who owns the token and whether this user may get /metrics. It uses TLS,
	// because clients send tokens.
	authKubernetes = "kubernetes"
	// authNone answers everyone, over plain HTTP.
	authNone = "none"
)

// Names of the files in --metrics-cert-dir: those of a Secret of the type kubernetes.io/tls.
const certFile, keyFile = "tls.crt", "tls.key"

// metricsOptions says where /metrics is served and who may read it.
type metricsOptions struct {
	address, auth, certDir string
	// insecure allows authNone on addresses that other machines can reach.
	insecure bool
}

func (o *metricsOptions) bind(flags *flag.FlagSet) {
	flags.StringVar(&o.address, "metrics-bind-address", ":8443", "Address of /metrics. 0 disables it.")
	flags.StringVar(&o.auth, "metrics-auth", authKubernetes, "Who may get /metrics: kubernetes (over HTTPS, callers whose bearer token may get the path /metrics by RBAC) or none (over plain HTTP, everyone; on a loopback address only).")
	flags.StringVar(&o.certDir, "metrics-cert-dir", "", "Folder with the certificate of /metrics: tls.crt and tls.key. Changed files are read again. Empty means a self-signed certificate, new at each start.")
	flags.BoolVar(&o.insecure, "metrics-insecure-allow-unauthenticated", false, "Allow --metrics-auth=none at an address that other machines can reach.")
}

func (o *metricsOptions) validate() error {
	switch {
	case o.auth != authKubernetes && o.auth != authNone:
		return fmt.Errorf("--metrics-auth is %q, want %s or %s", o.auth, authKubernetes, authNone)
	case o.address == "0":
		return nil
	case o.auth == authNone && o.certDir != "":
		return fmt.Errorf("--metrics-cert-dir is set, but --metrics-auth=%s uses plain HTTP: remove one of them", authNone)
	case o.auth == authNone && !o.insecure && !isLoopback(o.address):
		return fmt.Errorf("with --metrics-auth=none everyone who reaches --metrics-bind-address=%s can read the names of namespaces and how much runs in them; "+
			"use an address of this machine only, such as 127.0.0.1:8080, or set --metrics-insecure-allow-unauthenticated", o.address)
	case o.certDir == "":
		return nil
	}
	for _, name := range []string{certFile, keyFile} {
		if _, err := os.Stat(filepath.Join(o.certDir, name)); err != nil {
			return fmt.Errorf("--metrics-cert-dir must contain %s and %s: %w", certFile, keyFile, err)
		}
	}
	return nil
}

// server returns the manager's options for serving metrics. Certificates are read again when they change.
func (o *metricsOptions) server() metricsserver.Options {
	serving := metricsserver.Options{BindAddress: o.address}
	if o.auth == authNone {
		return serving
	}
	serving.SecureServing, serving.FilterProvider = true, filters.WithAuthenticationAndAuthorization
	serving.CertDir, serving.CertName, serving.KeyName = o.certDir, certFile, keyFile
	if o.certDir == "" {
		serving.CertDir = "/nowhere" // otherwise the library looks for files in a folder below /tmp
	}
	// HTTP/2 has no advantage for a scrape, and it has had flaws that allowed attackers to stop a server.
	serving.TLSOpts = []func(*tls.Config){func(c *tls.Config) { c.NextProtos, c.MinVersion = []string{"http/1.1"}, tls.VersionTLS12 }}
	return serving
}

// isLoopback reports whether only this machine can reach an address such as 127.0.0.1:8080.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil || host == "localhost" {
		return err == nil
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
