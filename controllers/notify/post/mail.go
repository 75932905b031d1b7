// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package post

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"github.com/taskexec/taskexec/controllers/notify/message"
	"github.com/taskexec/taskexec/controllers/notify/send"
)

// maxConversation is how many bytes of a mail server are read in one attempt.
const maxConversation = 256 << 10

// mail sends a message as a mail. A server that took the mail has it, even if it does not answer what follows.
func (p *Poster) mail(ctx context.Context, t send.Target, m message.Message) send.Verdict {
	if err := t.Validate(); err != nil {
		return send.Verdict{Outcome: send.Refused, Reason: err.Error()}
	}
	letter, err := letterOf(t.Mail, m)
	if err != nil {
		return send.Verdict{Outcome: send.Refused, Reason: err.Error()}
	}
	client, err := p.mailClient(ctx, t.Mail)
	if err != nil {
		return send.Verdict{Outcome: send.Refused, Reason: err.Error()}
	}
	letter.SetDateWithValue(p.clock.Now())
	err = client.DialAndSendWithContext(ctx, letter)
	if letter.IsDelivered() {
		return send.Verdict{Outcome: send.Delivered}
	}
	if err == nil {
		err = errors.New("the mail server did not take the mail")
	}
	if permanent(err) {
		return send.Verdict{Outcome: send.Refused, Reason: err.Error()}
	}
	return troubled(ctx, err)
}

// permanent reports whether the server answered with a code of 5xx. A wrong password is one: to repeat it might lock the
// account.
func permanent(err error) bool {
	var command *textproto.Error
	var letter *gomail.SendError
	return errors.As(err, &command) && command.Code >= 500 || errors.As(err, &letter) && letter.ErrorCode() >= 500
}

// letterOf writes the mail. Its Message-ID is the same for each attempt, so that mail programs show it once.
func letterOf(to send.Mail, m message.Message) (*gomail.Msg, error) {
	letter := gomail.NewMsg()
	if err := letter.From(to.From); err != nil {
		return nil, fmt.Errorf("the sender %q: %w", to.From, err)
	}
	if err := letter.To(to.To...); err != nil {
		return nil, fmt.Errorf("the recipients: %w", err)
	}
	letter.Subject(m.Title)
	letter.SetMessageIDWithValue(m.ID + "@" + domainOf(letter))
	letter.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers
	letter.SetBodyString(gomail.TypeTextPlain, m.Text())
	return letter, nil
}

// domainOf returns the domain of the sender.
func domainOf(letter *gomail.Msg) string {
	for _, from := range letter.GetFrom() {
		if _, domain, ok := strings.Cut(from.Address, "@"); ok {
			return domain
		}
	}
	return "taskexec.invalid"
}

// mailClient returns a client whose connection lives as long as ctx at most.
func (p *Poster) mailClient(ctx context.Context, m send.Mail) (*gomail.Client, error) {
	config := p.tls.Clone()
	config.ServerName = m.Host
	options := []gomail.Option{
		gomail.WithPort(m.Port), gomail.WithTimeout(p.timeout), gomail.WithTLSConfig(config), gomail.WithHELO("taskexec"), gomail.WithoutNoop(),
	}
	var wrap *tls.Config
	switch m.TLS {
	case send.StartTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case send.ImplicitTLS:
		// go-mail's own option for it makes the connection itself. With this policy it uses the TLS of ours, and knows that
		// passwords may be sent.
		options, wrap = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic)), config
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	options = append(options, gomail.WithDialContextFunc(p.dialMail(ctx, wrap)))
	if m.Username != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(m.Username), gomail.WithPassword(m.Password))
	}
	client, err := gomail.NewClient(m.Host, options...)
	if err != nil {
		return nil, fmt.Errorf("setting up the mail client: %w", err)
	}
	return client, nil
}

// dialMail dials through the guard, with TLS if wrap is set. The connection is closed when the attempt ends, because
// go-mail's own deadline begins anew with each step.
func (p *Poster) dialMail(attempt context.Context, wrap *tls.Config) gomail.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		raw, err := p.guard.Dialer(p.timeout).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(attempt, func() { raw.Close() })
		conn := net.Conn(&boundedConn{Conn: raw, left: maxConversation})
		if wrap == nil {
			return conn, nil
		}
		secure := tls.Client(conn, wrap)
		if err := secure.HandshakeContext(ctx); err != nil {
			raw.Close()
			return nil, err
		}
		return secure, nil
	}
}

// boundedConn is a connection of which only so many bytes are read. A line of SMTP has no end otherwise.
type boundedConn struct {
	net.Conn
	left int
}

// Read implements io.Reader.
func (c *boundedConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, fmt.Errorf("the mail server sent more than %d bytes: %w", maxConversation, io.ErrUnexpectedEOF)
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}
