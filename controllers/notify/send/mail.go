// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package send

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
)

// Mail is where a target of the type Email sends, and by which server.
type Mail struct {
	// Host and Port are the server's.
	Host string
	Port int
	// TLS says how the connection is encrypted.
	TLS MailTLS
	// Username and Password are for a server that wants them. Both or neither are set. They are never sent without TLS.
	Username, Password string
	// From is the sender, To are the recipients: at most maxRecipients.
	From string
	To   []string
}

// MailTLS says how the connection to a mail server is encrypted.
type MailTLS string

// The ways.
const (
	// StartTLS begins in plain text and requires STARTTLS. It is the default, for port 587.
	StartTLS MailTLS = "starttls"
	// ImplicitTLS begins with TLS, for port 465.
	ImplicitTLS MailTLS = "tls"
	// NoTLS is for a relay within the cluster that has no TLS. It takes no password.
	NoTLS MailTLS = "none"
)

// maxRecipients bounds the recipients of one target.
const maxRecipients = 50

// validate says what is wrong. The error has the sender or a recipient, and no value of the Secret.
func (m Mail) validate() error {
	switch {
	case m.Host == "":
		return errors.New("the Secret has no mail server: set its key host")
	case strings.ContainsAny(m.Host, "/@ \t\r\n"):
		return errors.New("the key host of the Secret is not the name of a mail server")
	case m.TLS != StartTLS && m.TLS != ImplicitTLS && m.TLS != NoTLS:
		return errors.New("the key tls of the Secret is not one of starttls, tls and none")
	case m.Port < 1 || m.Port > 65535:
		return errors.New("the port of the mail server must be from 1 to 65535")
	case (m.Username == "") != (m.Password == ""):
		return errors.New("the mail server needs both username and password, or neither")
	case m.TLS == NoTLS && m.Username != "":
		return errors.New("a password is not sent without TLS: use starttls or tls, or leave out username and password")
	case len(m.To) == 0 || len(m.To) > maxRecipients:
		return fmt.Errorf("a mail target needs from 1 to %d recipients, not %d", maxRecipients, len(m.To))
	}
	if _, err := mail.ParseAddress(m.From); err != nil {
		return fmt.Errorf("the sender %q is not a mail address", m.From)
	}
	for _, to := range m.To {
		if _, err := mail.ParseAddress(to); err != nil {
			return fmt.Errorf("the recipient %q is not a mail address", to)
		}
	}
	return nil
}
