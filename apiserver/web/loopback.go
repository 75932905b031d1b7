package web

import (
	"net"
	"net/http"
	"net/netip"
)

// IsLoopback tells whether only this machine reaches an address such as 127.0.0.1:8080.
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

// OnlyLocalNames refuses requests to a name that is not this machine's own. Where nobody is asked for a token, a page
// whose name was made to resolve to 127.0.0.1 (DNS rebinding) would be no other site to its browser, and could do
// everything.
func OnlyLocalNames(next http.Handler) http.Handler {
	return Handler(func(w http.ResponseWriter, r *http.Request) error {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if !isLoopbackHost(host) {
			return Problemf(http.StatusMisdirectedRequest, "this is served to this machine only, as localhost or 127.0.0.1, and not as %q", r.Host)
		}
		next.ServeHTTP(w, r)
		return nil
	})
}
