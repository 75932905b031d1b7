// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package pki creates the keys and certificates of a cluster, as kubeadm does. There are three authorities: one for
// the cluster, one for etcd, so that a certificate of the cluster cannot read the database, and one for the API
// server as a proxy, so that nobody else can claim a user's name to an aggregated API.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	authorityLife = 10 * 365 * 24 * time.Hour
	leafLife      = 365 * 24 * time.Hour
	// renewBefore makes `up` renew a certificate long before it expires.
	renewBefore = 30 * 24 * time.Hour
)

// Leaf describes one certificate.
type Leaf struct {
	Name         string // the file name without .crt or .key
	CommonName   string // the user's name, for a client
	Organization string // the user's group, for a client
	Hosts        []string
	Usages       []x509.ExtKeyUsage
}

// authority is a certificate authority and its key.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// Ensure creates the files that dir lacks. It renews certificates that expire soon or do not match the plan. Tests
// pass a later time as now.
func Ensure(dir string, now time.Time) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := ensureServiceAccountKey(dir); err != nil {
		return err
	}
	for name, leaves := range Plan() {
		ca, renewed, err := ensureAuthority(dir, name, now)
		if err != nil {
			return fmt.Errorf("making certificate authority %s: %w", name, err)
		}
		for _, leaf := range leaves {
			if !renewed && fits(dir, leaf, ca, now) {
				continue
			}
			if err := issue(dir, leaf, ca, now); err != nil {
				return fmt.Errorf("making certificate %s: %w", leaf.Name, err)
			}
		}
	}
	return nil
}

func ensureAuthority(dir, name string, now time.Time) (ca authority, renewed bool, err error) {
	if ca, err := readAuthority(dir, name); err == nil && now.Add(renewBefore).Before(ca.cert.NotAfter) {
		return ca, false, nil
	}
	key, err := newKey()
	if err != nil {
		return authority{}, false, err
	}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "taskexec-localcluster-" + name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(authorityLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return authority{}, false, err
	}
	cert, err := x509.ParseCertificate(der)
	return authority{cert, key}, true, errors.Join(err, write(dir, name, der, key))
}

func readAuthority(dir, name string) (authority, error) {
	cert, err := readCertificate(dir, name)
	if err != nil {
		return authority{}, err
	}
	data, err := os.ReadFile(filepath.Join(dir, name+".key"))
	if err != nil {
		return authority{}, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return authority{}, fmt.Errorf("%s.key is not PEM", name)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return authority{}, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return authority{}, fmt.Errorf("%s.key cannot sign", name)
	}
	return authority{cert, signer}, nil
}

// fits reports whether the certificate on disk matches the plan, is signed by ca and does not expire soon.
func fits(dir string, leaf Leaf, ca authority, now time.Time) bool {
	cert, err := readCertificate(dir, leaf.Name)
	if err != nil || cert.CheckSignatureFrom(ca.cert) != nil || now.Add(renewBefore).After(cert.NotAfter) {
		return false
	}
	if _, err := os.Stat(filepath.Join(dir, leaf.Name+".key")); err != nil {
		return false
	}
	want := leaf.template(now)
	return cert.Subject.String() == want.Subject.String() && slices.Equal(cert.DNSNames, want.DNSNames) &&
		slices.EqualFunc(cert.IPAddresses, want.IPAddresses, net.IP.Equal) && slices.Equal(cert.ExtKeyUsage, want.ExtKeyUsage)
}

func issue(dir string, leaf Leaf, ca authority, now time.Time) error {
	key, err := newKey()
	if err != nil {
		return err
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf.template(now), ca.cert, key.Public(), ca.key)
	if err != nil {
		return err
	}
	return write(dir, leaf.Name, der, key)
}

func (l Leaf) template(now time.Time) *x509.Certificate {
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: l.CommonName},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(leafLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: l.Usages, BasicConstraintsValid: true,
	}
	if l.Organization != "" {
		template.Subject.Organization = []string{l.Organization}
	}
	for _, host := range l.Hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	return template
}

// ensureServiceAccountKey creates the key pair that signs ServiceAccounts' tokens. It is never renewed, because all
// tokens in use would become invalid.
func ensureServiceAccountKey(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "sa.pub")); err == nil {
		return nil
	}
	key, err := newKey()
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	// sa.pub is written last. If it exists, the pair is complete.
	return errors.Join(writeKey(filepath.Join(dir, "sa.key"), key), writePEM(filepath.Join(dir, "sa.pub"), "PUBLIC KEY", public))
}

func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

func serial() *big.Int {
	limit := new(big.Int).Lsh(big.NewInt(1), 127)
	n, _ := rand.Int(rand.Reader, limit) // rand.Reader cannot fail since Go 1.24
	return n
}
