// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package post

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"mime"
	"net/mail"
	"net/netip"
	"strings"
	"testing"
	"time"

	"k8s.io/utils/clock"

	"github.com/taskexec/taskexec/controllers/notify/dial"
	"github.com/taskexec/taskexec/controllers/notify/send"
)

// certificate returns a server's configuration for localhost, and a client's that trusts it.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12},
		&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

func mailPoster(config *tls.Config) *Poster {
	return New(&dial.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}}, clock.RealClock{}, config)
}

func TestMailReachesItsServer(t *testing.T) {
	server, client := certificate(t)
	for name, s := range map[string]*mailServer{
		"a relay without TLS": {},
		"STARTTLS":            {config: server},
		"STARTTLS and login":  {config: server, login: true},
		"TLS and login":       {config: server, implicit: true, login: true},
		"no answer to QUIT":   {answers: map[string]string{"QUIT": closes}},
		"no answer to RSET":   {answers: map[string]string{"RSET": closes}},
	} {
		t.Run(name, func(t *testing.T) {
			s.t = t
			target := send.Target{Type: send.Email, Mail: s.start()}
			if v := mailPoster(client).Send(t.Context(), target, failure()); v.Outcome != send.Delivered {
				t.Fatalf("got %+v", v)
			}
			got := s.taken()
			if len(got) != 1 || got[0].tls != (s.config != nil) || len(got[0].to) != 2 {
				t.Fatalf("taken %+v", got)
			}
			checkLetter(t, got[0].data)
		})
	}
}

func checkLetter(t *testing.T, data string) {
	t.Helper()
	letter, err := mail.ReadMessage(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(letter.Header.Get("Subject"))
	if err != nil || subject != "任务 report 执行失败" {
		t.Errorf("subject %q, %v", subject, err)
	}
	if got, want := letter.Header.Get("Message-ID"), "<"+id+"@example.com>"; got != want {
		t.Errorf("Message-ID %q, want %q", got, want)
	}
	if letter.Header.Get("Auto-Submitted") != "auto-generated" {
		t.Error("a mail that asks for out-of-office answers")
	}
	if _, err := letter.Header.Date(); err != nil {
		t.Error(err)
	}
}

func TestMailThatIsNotTaken(t *testing.T) {
	server, client := certificate(t)
	for name, c := range map[string]struct {
		s      *mailServer
		change func(*send.Mail)
		want   send.Outcome
		reason string
	}{
		"busy":                {&mailServer{answers: map[string]string{"": "421 4.3.2 too many connections"}}, nil, send.Retry, "too many connections"},
		"greylisted":          {&mailServer{answers: map[string]string{"RCPT": "451 4.7.1 greylisted"}}, nil, send.Retry, "greylisted"},
		"no such recipient":   {&mailServer{answers: map[string]string{"RCPT": "550 5.1.1 no such user"}}, nil, send.Refused, "no such user"},
		"refused as spam":     {&mailServer{answers: map[string]string{".": "554 5.7.1 spam"}}, nil, send.Refused, "spam"},
		"no answer":           {&mailServer{answers: map[string]string{"": ""}}, nil, send.Retry, "no answer within 15s"},
		"no answer to data":   {&mailServer{answers: map[string]string{".": ""}}, nil, send.Retry, "no answer within 15s"},
		"a line without end":  {&mailServer{answers: map[string]string{"": "220 " + strings.Repeat("x", 1<<20)}}, nil, send.Retry, "more than 262144 bytes"},
		"another password":    {&mailServer{config: server, login: true}, func(m *send.Mail) { m.Password = "another-password" }, send.Refused, "no such login"},
		"no STARTTLS":         {&mailServer{}, func(m *send.Mail) { m.TLS = send.StartTLS }, send.Retry, "does not support STARTTLS"},
		"a wrong certificate": {&mailServer{config: server}, func(m *send.Mail) { m.Host = "127.0.0.1" }, send.Retry, "certificate"},
		"a wrong target":      {&mailServer{}, func(m *send.Mail) { m.To = nil }, send.Refused, "recipients"},
	} {
		t.Run(name, func(t *testing.T) {
			c.s.t = t
			target := send.Target{Type: send.Email, Mail: c.s.start()}
			if c.change != nil {
				c.change(&target.Mail)
			}
			p := mailPoster(client)
			if strings.Contains(c.reason, "no answer") {
				p.timeout = 200 * time.Millisecond
			}
			v := p.Send(t.Context(), target, failure())
			if v.Outcome != c.want || !strings.Contains(v.Reason, c.reason) {
				t.Errorf("got %+v", v)
			}
			if strings.Contains(v.Reason, target.Mail.Password) && target.Mail.Password != "" || len(v.Reason) > maxReason {
				t.Errorf("reason %q", v.Reason)
			}
			if got := c.s.taken(); len(got) != 0 {
				t.Errorf("taken %+v", got)
			}
		})
	}
}
