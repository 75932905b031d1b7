// Command coredns is CoreDNS with only the plugins that a cluster needs. The full program also links the client
// libraries of several clouds, which take longer to build than everything else.
package main

import (
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"

	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
)

// init lists the plugins in the order that CoreDNS itself uses.
func init() {
	dnsserver.Directives = []string{"bind", "health", "errors", "cache", "kubernetes", "forward"}
}

func main() { coremain.Run() }
