// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package pki

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

var day = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

func ensured(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := Ensure(dir, day); err != nil {
		t.Fatal(err)
	}
	return dir
}

func certificate(t *testing.T, dir, name string) *x509.Certificate {
	t.Helper()
	cert, err := readCertificate(dir, name)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// A server's certificate must have every name that clients use.
func TestServerNames(t *testing.T) {
	dir := ensured(t)
	tests := map[string]struct {
		cert  string
		names []string
	}{
		"host and pods reach the API server": {"apiserver", []string{"10.244.0.1", "127.0.0.1", "localhost"}},
		"pods reach it through the Service":  {"apiserver", []string{"10.96.0.1", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"}},
		"the API server reaches the kubelet": {"kubelet", []string{"localhost", "127.0.0.1"}},
		"the API server reaches etcd":        {"etcd", []string{"127.0.0.1"}},
		"status asks the controller manager": {"controller-manager", []string{"127.0.0.1"}},
		"status asks the scheduler":          {"scheduler", []string{"127.0.0.1"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cert := certificate(t, dir, tt.cert)
			for _, host := range tt.names {
				if err := cert.VerifyHostname(host); err != nil {
					t.Error(err)
				}
			}
			if cert.VerifyHostname("example.com") == nil {
				t.Error("the certificate is good for any host")
			}
		})
	}
}

func TestAuthoritiesAreApart(t *testing.T) {
	dir := ensured(t)
	for authorityName := range Plan() {
		roots := x509.NewCertPool()
		roots.AddCert(certificate(t, dir, authorityName))
		for other, others := range Plan() {
			for _, leaf := range others {
				_, err := certificate(t, dir, leaf.Name).Verify(x509.VerifyOptions{
					Roots: roots, CurrentTime: day, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
				})
				if (err == nil) != (other == authorityName) {
					t.Errorf("%s trusted by %s: %v", leaf.Name, authorityName, err == nil)
				}
			}
		}
	}
}

func TestUsersHaveClientCertificates(t *testing.T) {
	dir := ensured(t)
	for _, user := range Users {
		if !slices.Contains(certificate(t, dir, user).ExtKeyUsage, x509.ExtKeyUsageClientAuth) {
			t.Errorf("%s cannot log in with its certificate", user)
		}
	}
}

func TestEnsureRenewsOnlyWhatItMust(t *testing.T) {
	tests := map[string]struct {
		later   time.Duration
		damage  func(t *testing.T, dir string)
		renewed []string
		kept    []string
	}{
		"nothing to do":           {later: time.Hour, kept: []string{"ca", "apiserver", "admin"}},
		"leaves end soon":         {later: 340 * 24 * time.Hour, renewed: []string{"apiserver", "admin"}, kept: []string{"ca"}},
		"a leaf is lost":          {damage: remove("admin.crt"), renewed: []string{"admin"}, kept: []string{"ca", "apiserver"}},
		"a leaf's key is lost":    {damage: remove("admin.key"), renewed: []string{"admin"}, kept: []string{"ca", "apiserver"}},
		"an authority is damaged": {damage: remove("ca.key"), renewed: []string{"ca", "apiserver", "admin"}, kept: []string{"etcd-ca", "etcd"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := ensured(t)
			before := map[string]*x509.Certificate{}
			for _, cert := range append(slices.Clone(tt.renewed), tt.kept...) {
				before[cert] = certificate(t, dir, cert)
			}
			if tt.damage != nil {
				tt.damage(t, dir)
			}
			if err := Ensure(dir, day.Add(tt.later)); err != nil {
				t.Fatal(err)
			}
			for cert, old := range before {
				renewed := !certificate(t, dir, cert).Equal(old)
				if renewed != slices.Contains(tt.renewed, cert) {
					t.Errorf("%s renewed: %v", cert, renewed)
				}
			}
		})
	}
}

func remove(file string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		if err := os.Remove(filepath.Join(dir, file)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestKeysAreSecret(t *testing.T) {
	dir := ensured(t)
	keys, _ := filepath.Glob(filepath.Join(dir, "*.key"))
	for _, key := range keys {
		if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, error %v", key, info.Mode(), err)
		}
	}
}
