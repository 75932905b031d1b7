// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func TestParseRule(t *testing.T) {
	tests := map[string]struct {
		text, want, problem string
	}{
		"address and port":          {text: "127.0.0.1:8080=30080", want: "127.0.0.1:8080=30080"},
		"all addresses, explicitly": {text: "0.0.0.0:80=30080", want: "0.0.0.0:80=30080"},
		"IPv6":                      {text: "[::1]:8080=30080", want: "[::1]:8080=30080"},
		"localhost":                 {text: "localhost:8080=30080", want: "127.0.0.1:8080=30080"},
		"only a port":               {text: "8080=30080", want: "127.0.0.1:8080=30080"},
		"no NodePort":               {text: "127.0.0.1:8080", problem: "want ADDRESS:PORT=NODEPORT"},
		"a name":                    {text: "example.com:8080=30080", problem: "numeric address"},
		"port zero":                 {text: "127.0.0.1:0=30080", problem: "1 to 65535"},
		"port too high":             {text: "127.0.0.1:65536=30080", problem: "1 to 65535"},
		"not a NodePort's number":   {text: "127.0.0.1:8080=80", problem: "30000 to 32767"},
		"no number":                 {text: "127.0.0.1:8080=http", problem: "30000 to 32767"},
		"empty":                     {text: "", problem: "want ADDRESS:PORT=NODEPORT"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			rule, err := ParseRule(tt.text)
			if tt.problem != "" {
				if err == nil || !strings.Contains(err.Error(), tt.problem) {
					t.Fatalf("error %v, want one with %q", err, tt.problem)
				}
				return
			}
			if err != nil || rule.String() != tt.want {
				t.Fatalf("got %v, %v, want %s", rule, err, tt.want)
			}
			if again, err := ParseRule(rule.String()); err != nil || again != rule {
				t.Errorf("reading it back gives %v, %v", again, err)
			}
		})
	}
}

// A client that closes its sending side still gets the complete answer.
func TestCarryKeepsHalfCloses(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		conn, err := server.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		question, _ := io.ReadAll(conn)
		_, _ = conn.Write(append(question, "!"...))
	}()
	front, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer front.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	go accept(ctx, front, server.Addr().String())

	client, err := net.Dial("tcp", front.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := client.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(client)
	if err != nil || string(answer) != "hello!" {
		t.Errorf("answer %q, error %v, want %q", answer, err, "hello!")
	}
}
