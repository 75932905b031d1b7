// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package dial dials the receivers of notifications. Their addresses are chosen by users of a namespace, so it refuses
// addresses that lead into the cluster or to the node, and those of metadata services.
//
// The address is judged in the dialer's control function: after the name was resolved, right before the connection is
// made, and for each address that is tried. So it does not matter whether a name resolves differently the second time.
package dial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"
)

// ErrForbidden is why an address was not dialled.
var ErrForbidden = errors.New("the address is not allowed for notifications")

// Guard judges addresses. Without options it allows what is on the public internet.
type Guard struct {
	// Allow are the ranges that the operator opens. A metadata service needs an entry of its own address.
	Allow []netip.Prefix
	// Deny are the ranges that the operator closes, such as Service and pod ranges with public addresses. An entry of
	// Allow that is as narrow or narrower comes first.
	Deny []netip.Prefix
	// Resolver resolves names. Nil means that of the system.
	Resolver *net.Resolver
}

// ParseRanges reads CIDR ranges and single addresses, as a flag has them.
func ParseRanges(texts []string) (ranges []netip.Prefix, err error) {
	for _, text := range texts {
		text = strings.TrimSpace(text)
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			addr, addrErr := netip.ParseAddr(text)
			if addrErr != nil {
				return nil, fmt.Errorf("%q is neither a range, such as 10.96.0.0/12, nor an address", text)
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		ranges = append(ranges, prefix.Masked())
	}
	return ranges, nil
}

// Check returns an error that is ErrForbidden if an address may not be dialled. The error says which kind of range the
// address is in, and not which address it is: the owner of a target need not learn what a name in the cluster resolves to.
func (g *Guard) Check(addr netip.Addr) error {
	if !addr.IsValid() {
		return fmt.Errorf("%w: it is no IP address", ErrForbidden)
	}
	addr = plain(addr)
	allowed := narrowest(g.Allow, addr)
	if slices.Contains(metadata, addr) {
		if allowed == addr.BitLen() {
			return nil
		}
		return fmt.Errorf("%w: it is that of a metadata service", ErrForbidden)
	}
	if denied := narrowest(g.Deny, addr); denied > allowed {
		return fmt.Errorf("%w: the operator has closed its range", ErrForbidden)
	}
	if allowed >= 0 {
		return nil
	}
	if kind := kindOf(addr); kind != "" {
		return fmt.Errorf("%w: it is in a range that is %s; the operator can open it with --notify-allow", ErrForbidden, kind)
	}
	return nil
}

// kindOf returns the name of the closed range that an address is in. It is empty for the public internet.
func kindOf(addr netip.Addr) string {
	for _, r := range closed {
		if r.prefix.Contains(addr) {
			return r.name
		}
	}
	if addr.Is6() && !global.Contains(addr) {
		return "not allocated"
	}
	return ""
}

// narrowest returns the length of the longest prefix that contains the address, or -1.
func narrowest(ranges []netip.Prefix, addr netip.Addr) int {
	longest := -1
	for _, r := range ranges {
		if r.Contains(addr) {
			longest = max(longest, r.Bits())
		}
	}
	return longest
}

// control implements net.Dialer.ControlContext. address has the resolved IP address.
func (g *Guard) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return fmt.Errorf("%w: the network %s is not TCP", ErrForbidden, network)
	}
	host, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: it is no IP address", ErrForbidden)
	}
	return g.Check(host.Addr())
}

// Dialer returns a dialer that makes only allowed connections, each within the timeout.
func (g *Guard) Dialer(timeout time.Duration) *net.Dialer {
	return &net.Dialer{Timeout: timeout, ControlContext: g.control, Resolver: g.Resolver}
}
