// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package forward forwards TCP connections from one address to another. It exists because kube-proxy in nftables mode
// does not serve NodePorts on loopback, where browsers connect to.
package forward

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
)

const dialTimeout = 5 * time.Second

// Rule publishes a NodePort at an address of the host.
type Rule struct {
	Listen   netip.AddrPort
	NodePort int
}

// ParseRule parses ADDRESS:PORT=NODEPORT, such as 127.0.0.1:8080=30080. Without ADDRESS it is 127.0.0.1, so that
// nothing is published to the network by accident.
func ParseRule(text string) (Rule, error) {
	listen, nodePort, found := strings.Cut(text, "=")
	if !found {
		return Rule{}, fmt.Errorf("%q: want ADDRESS:PORT=NODEPORT, such as 127.0.0.1:8080=30080", text)
	}
	if !strings.Contains(listen, ":") {
		listen = "127.0.0.1:" + listen
	}
	address, err := netip.ParseAddrPort(strings.Replace(listen, "localhost:", "127.0.0.1:", 1))
	if err != nil || address.Port() == 0 {
		return Rule{}, fmt.Errorf("%q: %q is no ADDRESS:PORT with a numeric address and a port from 1 to 65535", text, listen)
	}
	port, err := strconv.Atoi(nodePort)
	if err != nil || port < 30000 || port > 32767 {
		return Rule{}, fmt.Errorf("%q: %q is no NodePort, which is a number from 30000 to 32767", text, nodePort)
	}
	return Rule{Listen: address, NodePort: port}, nil
}

// String returns the rule in the format of ParseRule.
func (r Rule) String() string { return fmt.Sprintf("%s=%d", r.Listen, r.NodePort) }

// Serve forwards connections until ctx is done. nodeIP is the address of the NodePorts.
func Serve(ctx context.Context, nodeIP string, rules []Rule) error {
	var servers sync.WaitGroup
	defer servers.Wait()
	for _, rule := range rules {
		listener, err := net.Listen("tcp", rule.Listen.String())
		if err != nil {
			return fmt.Errorf("publishing %s: %w", rule, err)
		}
		context.AfterFunc(ctx, func() { listener.Close() })
		target := net.JoinHostPort(nodeIP, strconv.Itoa(rule.NodePort))
		servers.Go(func() { accept(ctx, listener, target) })
	}
	<-ctx.Done()
	return nil
}

func accept(ctx context.Context, listener net.Listener, target string) {
	for {
		client, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			slog.Error("accepting a connection", "address", listener.Addr(), "error", err)
			time.Sleep(100 * time.Millisecond) // probably out of file descriptors: wait until some are closed
			continue
		}
		go carry(ctx, client, target)
	}
}

// carry copies data in both directions. It passes on half-closes, because HTTP clients and nc rely on them.
func carry(ctx context.Context, client net.Conn, target string) {
	defer client.Close()
	dialer := net.Dialer{Timeout: dialTimeout}
	server, err := dialer.DialContext(ctx, "tcp", target)
	if err != nil {
		slog.Warn("nothing answers at the NodePort", "target", target, "error", err)
		return
	}
	defer server.Close()
	stop := context.AfterFunc(ctx, func() { client.Close(); server.Close() })
	defer stop()
	var directions sync.WaitGroup
	directions.Go(func() { pour(server, client) })
	directions.Go(func() { pour(client, server) })
	directions.Wait()
}

func pour(to, from net.Conn) {
	_, _ = io.Copy(to, from) // either end may close the connection at any time
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

// MarshalText returns the format of ParseRule, in which rules are saved.
func (r Rule) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText parses the format of ParseRule.
func (r *Rule) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRule(string(text))
	return err
}
