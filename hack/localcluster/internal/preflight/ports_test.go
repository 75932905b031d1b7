// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package preflight

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/hack/localcluster/internal/process"
)

func TestParseSocket(t *testing.T) {
	tests := map[string]struct {
		line string
		ip   string
		port int
		ok   bool
	}{
		"listens on loopback":   {"0: 0100007F:192B 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4711 1", "127.0.0.1", 6443, true},
		"listens everywhere":    {"0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4711 1", "0.0.0.0", 80, true},
		"listens on IPv6":       {"0: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 4711 1", "::1", 80, true},
		"a connection, not one": {"0: 0100007F:192B 0100007F:C350 01 00000000:00000000 00:00000000 00000000 0 0 4711 1", "", 0, false},
		"the heading":           {"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode", "", 0, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := parseSocket(tt.line)
			if ok != tt.ok {
				t.Fatalf("ok = %v, want %v", ok, tt.ok)
			}
			if ok && (got.port != tt.port || !got.ip.Equal(net.ParseIP(tt.ip)) || got.inode != "4711") {
				t.Errorf("got %v:%d inode %s, want %s:%d inode 4711", got.ip, got.port, got.inode, tt.ip, tt.port)
			}
		})
	}
}

func TestPortTakenMessage(t *testing.T) {
	tests := map[string]struct {
		err  PortTaken
		want []string
	}{
		"owner seen": {
			PortTaken{Listener{"kube-apiserver", "10.244.0.1", 6443}, 812, "k3s"},
			[]string{"kube-apiserver", "6443", "process 812 (k3s)", "KUBECONFIG"},
		},
		"owner hidden": {
			PortTaken{Listener{"etcd", "127.0.0.1", 2379}, 0, ""},
			[]string{"etcd", "2379", "another process (run as root to see which)"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, want := range tt.want {
				if !strings.Contains(tt.err.Error(), want) {
					t.Errorf("%q lacks %q", tt.err.Error(), want)
				}
			}
		})
	}
}

func TestCheckPorts(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	var taken *PortTaken
	err = CheckPorts(process.Proc, []Listener{{"etcd", "127.0.0.1", port}})
	if !errors.As(err, &taken) || taken.PID != os.Getpid() {
		t.Errorf("on the same address: %v, want our own pid %d to be named", err, os.Getpid())
	}
	if err := CheckPorts(process.Proc, []Listener{{"etcd", "127.0.0.2", port}}); err != nil {
		t.Errorf("on another address: %v, want none", err)
	}
	listener.Close()
	if err := CheckPorts(process.Proc, []Listener{{"etcd", "127.0.0.1", port}}); err != nil {
		t.Errorf("once it is free: %v, want none", err)
	}
}
