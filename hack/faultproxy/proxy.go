// Package faultproxy stands between a client and a server on TCP and does what a bad network does: it cuts
// connections, refuses new ones, lets nothing pass for a while, or passes everything late. Tests use it.
package faultproxy

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Proxy passes what it gets to a server and back, until it is told otherwise. It is safe for use in parallel.
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

// Listen on a port of the loopback interface, for a server at host:port.
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

// Addr is the host:port that clients connect to.
func (p *Proxy) Addr() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.listener.Addr().String()
}

// Cut resets all connections, amid what they carry.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.open {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, and not an end
		}
		_ = conn.Close()
	}
}

// Refuse new connections, or take them again. Those that are open go on.
func (p *Proxy) Refuse(refuse bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuses = refuse
}

// Stall lets nothing pass, either way, and closes nothing; or lets it pass again.
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

// Delay what passes, in each direction, by so much for each read of up to 32 KiB; zero for not at all.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// Leave the port, as a server does that is down: what is open is reset, and the system refuses what comes.
func (p *Proxy) Leave() {
	p.mu.Lock()
	_ = p.listener.Close() // it may be closed already
	p.mu.Unlock()
	p.Cut()
}

// Return to the port after Leave.
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

// Calm ends all faults but those that connections have suffered.
func (p *Proxy) Calm() {
	p.Refuse(false)
	p.Stall(false)
	p.Delay(0)
}

// Close the proxy and all its connections.
func (p *Proxy) Close() error {
	close(p.closed)
	p.mu.Lock()
	err := p.listener.Close()
	p.mu.Unlock()
	p.Cut()
	p.workers.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil // it had left
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
			continue // out of file descriptors, or a client that went before it was taken
		}
		p.workers.Go(func() { p.serve(client) })
	}
}

// serve one connection until either side, or the proxy, ends it.
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

// pass bytes on. An end of what comes is passed on, too; what breaks one way breaks both.
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

// wait until bytes may pass; false when the proxy is closed.
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

// track a connection, to cut it; false when none is taken.
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
