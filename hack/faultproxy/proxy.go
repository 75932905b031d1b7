// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package faultproxy is a TCP proxy for tests that behaves like a bad network: it cuts connections, refuses new ones,
// stalls, or delays everything.
package faultproxy

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Proxy passes bytes between clients and a server. Its methods cause faults. It is safe for concurrent use.
type Proxy struct {
	target   string
	listener net.Listener

	mu      sync.Mutex
	open    map[net.Conn]struct{}
	refuses bool
	delay   time.Duration
	// passing is closed when bytes may pass.
	passing chan struct{}
	closed  chan struct{}
	workers sync.WaitGroup
}

// Listen starts a proxy on a port of the loopback interface, for a server at host:port.
func Listen(target string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening before %s: %w", target, err)
	}
	p := &Proxy{target: target, listener: listener, open: map[net.Conn]struct{}{}, passing: make(chan struct{}), closed: make(chan struct{})}
	close(p.passing)
	p.workers.Go(func() { p.accept(listener) })
	return p, nil
}

// Addr returns the host:port that clients connect to.
func (p *Proxy) Addr() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.listener.Addr().String()
}

// Cut resets all connections, even in the middle of data.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.open {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // sends a reset instead of closing normally
		}
		_ = conn.Close()
	}
}

// Refuse refuses new connections, or accepts them again. Open connections go on.
func (p *Proxy) Refuse(refuse bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuses = refuse
}

// Stall stops all bytes in both directions without closing connections, or lets them pass again.
func (p *Proxy) Stall(stall bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.passing:
		if stall {
			p.passing = make(chan struct{})
		}
	default:
		if !stall {
			close(p.passing)
		}
	}
}

// Delay delays each read of up to 32 KiB, in both directions. Zero ends the delay.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// Leave closes the port, like a server that is down: it resets open connections, and the system refuses new ones.
func (p *Proxy) Leave() {
	p.mu.Lock()
	_ = p.listener.Close() // it may be closed already
	p.mu.Unlock()
	p.Cut()
}

// Return opens the port again after Leave.
func (p *Proxy) Return() error {
	listener, err := net.Listen("tcp", p.Addr())
	if err != nil {
		return fmt.Errorf("listening before %s again: %w", p.target, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listener = listener
	p.workers.Go(func() { p.accept(listener) })
	return nil
}

// Calm ends all faults. Connections that were cut stay cut.
func (p *Proxy) Calm() {
	p.Refuse(false)
	p.Stall(false)
	p.Delay(0)
}

// Close closes the proxy and all its connections.
func (p *Proxy) Close() error {
	close(p.closed)
	p.mu.Lock()
	err := p.listener.Close()
	p.mu.Unlock()
	p.Cut()
	p.workers.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil // Leave has closed it already
	}
	return err
}

func (p *Proxy) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // out of file descriptors, or the client has closed the connection already
		}
		p.workers.Go(func() { p.serve(client) })
	}
}

// serve serves one connection until either side or the proxy closes it.
func (p *Proxy) serve(client net.Conn) {
	defer client.Close()
	if !p.track(client) {
		return
	}
	defer p.forget(client)
	server, err := net.DialTimeout("tcp", p.target, 5*time.Second)
	if err != nil {
		return
	}
	defer server.Close()
	if !p.track(server) {
		return
	}
	defer p.forget(server)
	var ways sync.WaitGroup
	ways.Go(func() { p.pass(server, client) })
	ways.Go(func() { p.pass(client, server) })
	ways.Wait()
}

// pass copies data in one direction, and passes on its end. An error in one direction ends the other one, too.
func (p *Proxy) pass(to, from net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if !p.wait() {
			return
		}
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				_ = from.Close()
				return
			}
		}
		if errors.Is(err, io.EOF) {
			if tcp, ok := to.(*net.TCPConn); ok {
				_ = tcp.CloseWrite()
			}
			return
		}
		if err != nil {
			_ = to.Close()
			return
		}
	}
}

// wait waits until bytes may pass. It returns false if the proxy is closed.
func (p *Proxy) wait() bool {
	p.mu.Lock()
	passing, delay := p.passing, p.delay
	p.mu.Unlock()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-p.closed:
		}
	}
	select {
	case <-passing:
		return true
	case <-p.closed:
		return false
	}
}

// track remembers a connection, so that it can be cut. It returns false if the proxy accepts none.
func (p *Proxy) track(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.closed:
		return false
	default:
	}
	if p.refuses {
		return false
	}
	p.open[conn] = struct{}{}
	return true
}

func (p *Proxy) forget(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, conn)
}
