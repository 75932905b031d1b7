// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package dial

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

func TestWhichAddressesMayBeDialled(t *testing.T) {
	for name, c := range map[string]struct {
		allow, deny string
		may, mayNot string
	}{
		"the public internet only": {
			may: "8.8.8.8 1.1.1.1 2606:4700::1111 172.32.0.1 100.128.0.1 ::ffff:8.8.8.8 64:ff9b::808:808",
			mayNot: "127.0.0.1 127.8.8.8 0.0.0.0 ::1 :: 10.0.0.1 10.96.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 169.254.1.1 " +
				"100.64.0.1 100.100.100.200 168.63.129.16 192.0.0.192 224.0.0.1 255.255.255.255 240.0.0.1 198.18.0.1 fe80::1 fe80::1%eth0 fc00::1 " +
				"fd00:ec2::254 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 2002:7f00:1:: 2001:0:1:: 2001:db8::1 fec0::1 ::ffff:0:7f00:1 4000::1",
		},
		"the operator opens a range": {
			allow: "10.1.0.0/16, 127.0.0.1, fd12::/16", may: "8.8.8.8 10.1.2.3 ::ffff:10.1.2.3 127.0.0.1 fd12::1", mayNot: "10.2.0.1 127.0.0.2 fd13::1",
		},
		"everything is opened": {
			allow: "0.0.0.0/0,::/0", may: "127.0.0.1 10.0.0.1 ::1", mayNot: "169.254.169.254 100.100.100.200 168.63.129.16 fd00:ec2::254 ::ffff:169.254.169.254",
		},
		"a metadata service is opened": {allow: "169.254.169.254/32", may: "169.254.169.254", mayNot: "169.254.169.253"},
		"the operator closes a range":  {deny: "8.8.0.0/16", may: "8.9.0.1", mayNot: "8.8.8.8 ::ffff:8.8.8.8"},
		"a part of an opened range is closed": {
			allow: "10.0.0.0/8", deny: "10.96.0.0/12", may: "10.1.0.1", mayNot: "10.96.0.1 10.111.255.255",
		},
		"a part of a closed range is opened": {
			allow: "10.96.0.10", deny: "10.96.0.0/12", may: "10.96.0.10", mayNot: "10.96.0.11",
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := guardOf(t, c.allow, c.deny)
			for _, a := range strings.Fields(c.may) {
				if err := g.Check(netip.MustParseAddr(a)); err != nil {
					t.Errorf("%s: %v", a, err)
				}
			}
			for _, a := range strings.Fields(c.mayNot) {
				err := g.Check(netip.MustParseAddr(a))
				if !errors.Is(err, ErrForbidden) {
					t.Errorf("%s may be dialled: %v", a, err)
				} else if strings.Contains(err.Error(), a) {
					t.Errorf("the error tells the address: %v", err)
				}
			}
		})
	}
	if err := (&Guard{}).Check(netip.Addr{}); !errors.Is(err, ErrForbidden) {
		t.Errorf("no address: %v", err)
	}
}

func guardOf(t *testing.T, allow, deny string) *Guard {
	t.Helper()
	g, read := &Guard{}, func(text string) []netip.Prefix {
		if text == "" {
			return nil
		}
		ranges, err := ParseRanges(strings.Split(text, ","))
		if err != nil {
			t.Fatal(err)
		}
		return ranges
	}
	g.Allow, g.Deny = read(allow), read(deny)
	return g
}

func TestRangesThatCannotBeRead(t *testing.T) {
	for _, text := range []string{"", "10.0.0.0/33", "example.com", "10.0.0.1:80"} {
		if _, err := ParseRanges([]string{text}); err == nil || !strings.Contains(err.Error(), strconv.Quote(text)) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A server that is there is not reached, neither by its address nor by a name.
func TestClosedAddressIsNotReached(t *testing.T) {
	listener := listen(t)
	port := listener.Addr().(*net.TCPAddr).Port
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]"} {
		_, err := (&Guard{}).Dialer(time.Minute).DialContext(t.Context(), "tcp", host+":"+strconv.Itoa(port))
		if !errors.Is(err, ErrForbidden) {
			t.Errorf("%s: %v", host, err)
		}
	}
	conn, err := guardOf(t, "127.0.0.0/8", "").Dialer(time.Minute).DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatalf("an opened address is not reached: %v", err)
	}
	conn.Close()
}

// A name that resolves to a public address when it is checked, and to loopback when it is dialled, is not reached.
func TestNameThatResolvesDifferently(t *testing.T) {
	listener := listen(t)
	names := newNames(t, [4]byte{8, 8, 8, 8}, [4]byte{127, 0, 0, 1})
	g := &Guard{Resolver: names.resolver}
	found, err := names.resolver.LookupNetIP(t.Context(), "ip4", "rebind.example.com")
	if err != nil || len(found) != 1 || g.Check(found[0]) != nil {
		t.Fatalf("the first answer %v should be allowed: %v", found, err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if _, err := g.Dialer(time.Minute).DialContext(t.Context(), "tcp4", "rebind.example.com:"+strconv.Itoa(port)); !errors.Is(err, ErrForbidden) {
		t.Errorf("got %v", err)
	}
	if n := names.asked.Load(); n < 2 {
		t.Errorf("the name was resolved %d times, so the test tests nothing", n)
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

// names is a DNS server. It answers each question for an IPv4 address with the next of its answers, the last one for ever.
type names struct {
	resolver *net.Resolver
	asked    atomic.Int32
	answers  [][4]byte
}

func newNames(t *testing.T, answers ...[4]byte) *names {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	n := &names{answers: answers}
	n.resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
	go func() {
		buffer := make([]byte, 512)
		for {
			length, from, err := server.ReadFrom(buffer)
			if err != nil {
				return
			}
			if answer, err := n.answer(buffer[:length]); err == nil {
				_, _ = server.WriteTo(answer, from)
			}
		}
	}()
	return n
}

func (n *names) answer(question []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil {
		return nil, err
	}
	m.Response, m.Additionals = true, nil
	for _, q := range m.Questions {
		if q.Type != dnsmessage.TypeA {
			continue
		}
		i := min(int(n.asked.Add(1)), len(n.answers)) - 1
		m.Answers = append(m.Answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}, Body: &dnsmessage.AResource{A: n.answers[i]},
		})
	}
	return m.Pack()
}
