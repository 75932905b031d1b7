// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package scrape reads the metrics of a deployed controller as Prometheus does.
package scrape

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// port is the metrics port in config/manager.
const port = "8443"

// maxBytes limits an answer. A controller's metrics have about 100 KiB.
const maxBytes = 16 << 20

// The client does not verify the certificate, because it is self-signed and new at each start. config/prometheus does
// not verify it either.
var client = http.Client{
	Timeout:   time.Minute,
	Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true},
}

// Controller reads /metrics of the controller's pod at an IP with a token. It returns the status code and the body,
// or an error if there is no answer within a minute.
func Controller(ctx context.Context, ip, token string) (code int, body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+net.JoinHostPort(ip, port)+"/metrics", http.NoBody)
	if err != nil {
		return 0, nil, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := client.Do(request)
	if err != nil {
		return 0, nil, fmt.Errorf("scraping the controller at %s: %w", ip, err)
	}
	defer answer.Body.Close()
	if body, err = io.ReadAll(io.LimitReader(answer.Body, maxBytes)); err != nil {
		return 0, nil, fmt.Errorf("reading the metrics of the controller at %s: %w", ip, err)
	}
	return answer.StatusCode, body, nil
}
