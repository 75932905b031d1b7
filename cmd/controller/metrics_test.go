// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	certutil "k8s.io/client-go/util/cert"
	ctrl "sigs.k8s.io/controller-runtime"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

func TestCase63PlainMetricsAreAChoice(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"the default":               {nil, ""},
		"nowhere":                   {[]string{"--metrics-bind-address=0", "--metrics-auth=none"}, ""},
		"plain, on this machine":    {[]string{"--metrics-bind-address=127.0.0.1:8080", "--metrics-auth=none"}, ""},
		"plain, by name":            {[]string{"--metrics-bind-address=localhost:8080", "--metrics-auth=none"}, ""},
		"plain, for all":            {[]string{"--metrics-bind-address=:8080", "--metrics-auth=none"}, "set --metrics-insecure-allow-unauthenticated"},
		"plain, by another's name":  {[]string{"--metrics-bind-address=example.com:8080", "--metrics-auth=none"}, "set --metrics-insecure"},
		"plain, for all, insisting": {[]string{"--metrics-bind-address=:8080", "--metrics-auth=none", "--metrics-insecure-allow-unauthenticated"}, ""},
		"plain, with a certificate": {[]string{"--metrics-bind-address=127.0.0.1:8080", "--metrics-auth=none", "--metrics-cert-dir=/x"}, "remove one of them"},
		"no certificate there":      {[]string{"--metrics-cert-dir=/does/not/exist"}, "must contain tls.crt and tls.key"},
		"no such way":               {[]string{"--metrics-auth=basic"}, "want kubernetes or none"},
	} {
		_, err := parse(c.args...)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	o, err := parse()
	if err != nil {
		t.Fatal(err)
	}
	if serving := o.metrics.server(); !serving.SecureServing || serving.FilterProvider == nil || serving.BindAddress != ":8443" {
		t.Errorf("by default it serves %+v", serving)
	}
}

// reviewer simulates the API server's reviews. It knows the tokens of ann, who may get /metrics, and of bob, who may
// not.
func reviewer(t *testing.T) *rest.Config {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review map[string]any
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			t.Error(err)
		}
		spec := review["spec"].(map[string]any)
		switch {
		case strings.HasSuffix(r.URL.Path, "/tokenreviews"):
			user, known := map[string]string{"token-of-ann": "ann", "token-of-bob": "bob"}[fmt.Sprint(spec["token"])]
			review["status"] = map[string]any{"authenticated": known, "user": map[string]any{"username": user}}
		default:
			path := spec["nonResourceAttributes"].(map[string]any)
			review["status"] = map[string]any{"allowed": spec["user"] == "ann" && path["path"] == "/metrics" && path["verb"] == "get"}
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(review); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(api.Close)
	return &rest.Config{Host: api.URL, ContentConfig: rest.ContentConfig{ContentType: "application/json"}}
}

// serving serves the metrics as the controller does and returns their address.
func serving(t *testing.T, o metricsOptions) string {
	t.Helper()
	ctrl.SetLogger(logr.Discard())
	config := reviewer(t)
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	server, err := metricsserver.NewServer(o.server(), config, client)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Start(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	bound := server.(interface{ GetBindAddr() string })
	for ctx.Err() == nil {
		if address := bound.GetBindAddr(); address != "" {
			return address
		}
		select {
		case err := <-ended:
			t.Fatal(err)
		case <-time.After(time.Millisecond):
		}
	}
	return ""
}

func scrape(t *testing.T, url, token string) (int, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// Metrics are served over TLS only, and only to tokens that may get them.
func TestCase63MetricsTakeATokenAndTLS(t *testing.T) {
	o, err := parse("--metrics-bind-address=127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := serving(t, o.metrics)
	for token, want := range map[string]int{"token-of-ann": http.StatusOK, "token-of-bob": http.StatusForbidden, "": http.StatusUnauthorized} {
		code, body := scrape(t, "https://"+address+"/metrics", token)
		if code != want || strings.Contains(body, "go_goroutines") != (want == http.StatusOK) {
			t.Errorf("token %q: %d, want %d: %.100s", token, code, want, body)
		}
	}
	if code, body := scrape(t, "https://"+address+"/metrics", "made-up"); code < 400 || strings.Contains(body, "go_goroutines") {
		t.Errorf("a token that is none: %d %.100s", code, body)
	}
	if code, body := scrape(t, "http://"+address+"/metrics", "token-of-ann"); code != http.StatusBadRequest {
		t.Errorf("plain HTTP: %d %.100s", code, body)
	}
}

// A renewed certificate is served without a restart. cert-manager renews certificates this way.
func TestCase63RenewedCertificateIsServed(t *testing.T) {
	dir := t.TempDir()
	renew := func(host string) []byte {
		t.Helper()
		certificate, key, err := certutil.GenerateSelfSignedCertKey(host, []net.IP{{127, 0, 0, 1}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, data := range map[string][]byte{keyFile: key, certFile: certificate} { // replaces each file atomically, as a volume does
			fresh := filepath.Join(dir, name+".new")
			if err := os.WriteFile(fresh, data, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(fresh, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		return certificate
	}
	renew("first")
	o, err := parse("--metrics-bind-address=127.0.0.1:0", "--metrics-cert-dir="+dir)
	if err != nil {
		t.Fatal(err)
	}
	address := serving(t, o.metrics)
	served := func() string {
		connection, err := (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		return connection.(*tls.Conn).ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	if got := served(); !strings.HasPrefix(got, "first@") {
		t.Fatalf("it serves the certificate of %q", got)
	}
	renew("second")
	deadline := time.After(time.Minute)
	for !strings.HasPrefix(served(), "second@") {
		select {
		case <-deadline:
			t.Fatalf("after a minute it serves the certificate of %q", served())
		case <-time.After(20 * time.Millisecond):
		}
	}
}
