// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net"
	"net/http"
	"net/netip"
)

// IsLoopback reports whether an address such as 127.0.0.1:8080 can be reached only from this machine.
func IsLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && isLoopbackHost(host)
}

func isLoopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// OnlyLocalNames rejects requests to host names other than localhost. Without it, a page whose host name resolves to
// 127.0.0.1 (DNS rebinding) would be same-site for its browser. Without authentication, it could do everything.
func OnlyLocalNames(next http.Handler) http.Handler {
	return Handler(func(w http.ResponseWriter, r *http.Request) error {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if !isLoopbackHost(host) {
			return Problemf(http.StatusMisdirectedRequest, "the API is served on this machine only, as localhost or 127.0.0.1, and not as %q", r.Host)
		}
		next.ServeHTTP(w, r)
		return nil
	})
}
