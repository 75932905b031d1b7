// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package post

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/taskexec/taskexec/controllers/notify/send"
)

const (
	mailUser     = "tasks@example.com"
	mailPassword = "hunter2-hunter2"
)

// closes is an answer.
const closes = "closes"

// mailServer speaks as much SMTP (RFC 5321) as is needed, on a real connection.
type mailServer struct {
	t *testing.T
	// config is the server's TLS. implicit begins with it, otherwise STARTTLS is offered.
	config   *tls.Config
	implicit bool
	// login means that a mail is taken only after a login, which requires TLS.
	login bool
	// answers replace the answer to a command, by its first word, or to the data (".") and to the connection ("").
	// An empty answer means none, for ever, and closes means that the connection ends.
	answers map[string]string

	mu    sync.Mutex
	mails []taken
}

// taken is a mail that the server took.
type taken struct {
	from string
	to   []string
	data string
	tls  bool
}

// start listens until the end of the test.
func (s *mailServer) start() send.Mail {
	s.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	var conns sync.WaitGroup
	s.t.Cleanup(func() { listener.Close(); conns.Wait() })
	conns.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer conn.Close()
				if s.implicit {
					conn = tls.Server(conn, s.config)
				}
				(&conversation{mailServer: s, conn: conn, lines: bufio.NewReader(conn)}).run()
			})
		}
	})
	m := send.Mail{Host: "localhost", Port: listener.Addr().(*net.TCPAddr).Port, TLS: send.NoTLS, From: "Tasks <tasks@example.com>", To: []string{"ann@example.com", "张三 <bob@example.com>"}}
	switch {
	case s.implicit:
		m.TLS = send.ImplicitTLS
	case s.config != nil:
		m.TLS = send.StartTLS
	}
	if s.login {
		m.Username, m.Password = mailUser, mailPassword
	}
	return m
}

func (s *mailServer) taken() []taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mails
}

type conversation struct {
	*mailServer
	conn   net.Conn
	lines  *bufio.Reader
	mail   taken
	logged bool
}

// say answers, and reports whether the conversation goes on.
func (c *conversation) say(command, usual string) bool {
	if instead, ok := c.answers[command]; ok {
		if instead == "" {
			_, _ = io.Copy(io.Discard, c.conn) // until the client gives up
		}
		if instead == "" || instead == closes {
			return false
		}
		usual = instead
	}
	_, err := io.WriteString(c.conn, usual+"\r\n")
	return err == nil
}

func (c *conversation) run() {
	if !c.say("", "220 mail ready") {
		return
	}
	for {
		line, err := c.lines.ReadString('\n')
		if err != nil {
			return
		}
		command, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !c.handle(strings.ToUpper(command), rest) {
			return
		}
	}
}

func (c *conversation) handle(command, rest string) bool {
	_, encrypted := c.conn.(*tls.Conn)
	switch command {
	case "EHLO":
		extensions := "250-mail\r\n"
		if c.config != nil && !encrypted {
			extensions += "250-STARTTLS\r\n"
		}
		if encrypted {
			extensions += "250-AUTH PLAIN\r\n"
		}
		return c.say(command, extensions+"250 8BITMIME")
	case "STARTTLS":
		if !c.say(command, "220 go on") {
			return false
		}
		c.conn = tls.Server(c.conn, c.config)
		c.lines = bufio.NewReader(c.conn)
		return true
	case "AUTH":
		plain, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
		if c.logged = encrypted && string(plain) == "\x00"+mailUser+"\x00"+mailPassword; !c.logged {
			return c.say(command, "535 5.7.8 no such login")
		}
		return c.say(command, "235 welcome")
	case "MAIL":
		if c.login && !c.logged {
			return c.say(command, "530 5.7.0 log in first")
		}
		c.mail = taken{from: rest, tls: encrypted}
	case "RCPT":
		c.mail.to = append(c.mail.to, rest)
	case "DATA":
		return c.data()
	case "QUIT":
		c.say(command, "221 bye")
		return false
	}
	return c.say(command, "250 ok")
}

func (c *conversation) data() bool {
	if !c.say("DATA", "354 go on") {
		return false
	}
	var data strings.Builder
	for {
		line, err := c.lines.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		data.WriteString(strings.TrimPrefix(line, "."))
	}
	c.mail.data = data.String()
	if _, refused := c.answers["."]; !refused {
		c.mu.Lock()
		c.mails = append(c.mails, c.mail)
		c.mu.Unlock()
	}
	return c.say(".", "250 taken")
}
