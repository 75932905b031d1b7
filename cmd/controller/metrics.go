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

// The ways to know who scrapes.
const (
	// authKubernetes asks the API server who a token is of and whether that user may get /metrics. It takes TLS, because a
	// token is sent.
	authKubernetes = "kubernetes"
	// authNone answers everybody, in plain HTTP.
	authNone = "none"
)

// Names of the files in --metrics-cert-dir: those of a Secret of the type kubernetes.io/tls.
const certFile, keyFile = "tls.crt", "tls.key"

// metricsOptions say where /metrics answers, and to whom.
type metricsOptions struct {
	address, auth, certDir string
	// insecure allows authNone beyond this machine.
	insecure bool
}

func (o *metricsOptions) bind(flags *flag.FlagSet) {
	flags.StringVar(&o.address, "metrics-bind-address", ":8443", "Where /metrics answers. 0 means nowhere.")
	flags.StringVar(&o.auth, "metrics-auth", authKubernetes, "Who gets /metrics: kubernetes (over HTTPS, whose bearer token may get the path /metrics by RBAC) or none (over plain HTTP, everybody; on a loopback address only).")
	flags.StringVar(&o.certDir, "metrics-cert-dir", "", "The folder with the certificate of /metrics, tls.crt and tls.key. Files that change are read again. Empty means a certificate that the controller makes itself at each start.")
	flags.BoolVar(&o.insecure, "metrics-insecure-allow-unauthenticated", false, "Allow --metrics-auth=none at an address that other machines reach.")
}

func (o *metricsOptions) validate() error {
	switch {
	case o.auth != authKubernetes && o.auth != authNone:
		return fmt.Errorf("--metrics-auth is %q, want %s or %s", o.auth, authKubernetes, authNone)
	case o.address == "0":
		return nil
	case o.auth == authNone && o.certDir != "":
		return fmt.Errorf("--metrics-cert-dir is set and --metrics-auth=%s speaks plain HTTP: leave one of them out", authNone)
	case o.auth == authNone && !o.insecure && !isLoopback(o.address):
		return fmt.Errorf("with --metrics-auth=none everyone who reaches --metrics-bind-address=%s reads the names of namespaces and how much runs in them; "+
			"take an address of this machine only, such as 127.0.0.1:8080, or insist with --metrics-insecure-allow-unauthenticated", o.address)
	case o.certDir == "":
		return nil
	}
	for _, name := range []string{certFile, keyFile} {
		if _, err := os.Stat(filepath.Join(o.certDir, name)); err != nil {
			return fmt.Errorf("--metrics-cert-dir wants %s and %s in it: %w", certFile, keyFile, err)
		}
	}
	return nil
}

// server has the manager serve the metrics so. Certificates are watched, and read again when they change.
func (o *metricsOptions) server() metricsserver.Options {
	serving := metricsserver.Options{BindAddress: o.address}
	if o.auth == authNone {
		return serving
	}
	serving.SecureServing, serving.FilterProvider = true, filters.WithAuthenticationAndAuthorization
	serving.CertDir, serving.CertName, serving.KeyName = o.certDir, certFile, keyFile
	if o.certDir == "" {
		serving.CertDir = "/nowhere" // the library would look for files in a folder below /tmp
	}
	// HTTP/2 brings nothing to a scrape, and has had weaknesses by which a stranger stops a server.
	serving.TLSOpts = []func(*tls.Config){func(c *tls.Config) { c.NextProtos, c.MinVersion = []string{"http/1.1"}, tls.VersionTLS12 }}
	return serving
}

// isLoopback reports whether only this machine reaches an address such as 127.0.0.1:8080.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil || host == "localhost" {
		return err == nil
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
