// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package faultproxy

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// echo starts a server that sends each line back.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for in := bufio.NewScanner(conn); in.Scan(); {
					if _, err := fmt.Fprintln(conn, in.Text()); err != nil {
						return
					}
				}
			}()
		}
	}()
	return listener.Addr().String()
}

type caller struct {
	net.Conn
	in *bufio.Reader
}

func dial(t *testing.T, p *Proxy) *caller {
	t.Helper()
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &caller{conn, bufio.NewReader(conn)}
}

// says sends a line and requires the same line back within a time.
func (c *caller) says(text string, within time.Duration) error {
	if err := c.SetDeadline(time.Now().Add(within)); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(c, text); err != nil {
		return err
	}
	heard, err := c.in.ReadString('\n')
	if err == nil && heard != text+"\n" {
		err = fmt.Errorf("heard %q", heard)
	}
	return err
}

func TestFaults(t *testing.T) {
	const soon, enough = 100 * time.Millisecond, 10 * time.Second
	p, err := Listen(echo(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	c := dial(t, p)
	if err := c.says("as it is", enough); err != nil {
		t.Fatal(err)
	}
	p.Stall(true)
	if err := c.says("late", soon); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("stalled: %v", err)
	}
	p.Stall(false)
	_ = c.SetDeadline(time.Now().Add(enough))
	if heard, err := c.in.ReadString('\n'); err != nil || heard != "late\n" {
		t.Errorf("after the stall: %q, %v", heard, err)
	}
	p.Delay(30 * time.Millisecond)
	if begin, err := time.Now(), c.says("slowly", enough); err != nil || time.Since(begin) < 60*time.Millisecond {
		t.Errorf("delayed: %v after %s", err, time.Since(begin))
	}
	p.Refuse(true)
	if err := dial(t, p).says("who", enough); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("refused: %v", err)
	}
	if err := c.says("still there", enough); err != nil {
		t.Errorf("one that was open: %v", err)
	}
	p.Calm()
	p.Cut()
	if err := c.says("gone", enough); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("cut: %v", err)
	}
	c = dial(t, p)
	if err := c.says("anew", enough); err != nil {
		t.Errorf("after the cut: %v", err)
	}
	p.Leave()
	if err := c.says("gone", enough); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("left: %v", err)
	}
	if conn, err := net.Dial("tcp", p.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a port that was left: %v, %v", conn, err)
	}
	if err := p.Return(); err != nil {
		t.Fatal(err)
	}
	if err := dial(t, p).says("back", enough); err != nil {
		t.Errorf("back again: %v", err)
	}
}
