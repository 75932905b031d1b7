// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package send

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// defaultPorts are the ports of a mail server that names none, by how it encrypts (RFC 8314, RFC 5321).
var defaultPorts = map[MailTLS]int{StartTLS: 587, ImplicitTLS: 465, NoTLS: 25}

// FromSecret returns the target that the data of a Secret describes: url and secret, or for Email host, port, tls, username
// and password. Spaces and line breaks around a value do not count, because editors and `echo` add them. from and to are
// the sender and the recipients of Email. The error is for the owner of the target, and has no value of the Secret.
func FromSecret(t Type, keyword, from string, to []string, data map[string][]byte) (Target, error) {
	value := func(key string) string { return strings.TrimSpace(string(data[key])) }
	target := Target{Type: t, URL: value("url"), Secret: value("secret"), Keyword: keyword}
	if t == Email {
		encryption := MailTLS(cmp.Or(value("tls"), string(StartTLS)))
		target = Target{Type: t, Mail: Mail{
			Host: value("host"), Port: defaultPorts[encryption], TLS: encryption,
			Username: value("username"), Password: value("password"), From: from, To: to,
		}}
		if port := value("port"); port != "" {
			number, err := strconv.ParseUint(port, 10, 16)
			if err != nil {
				return Target{}, fmt.Errorf("the key port of the Secret is not a number from 1 to 65535")
			}
			target.Mail.Port = int(number)
		}
	}
	if err := target.Validate(); err != nil {
		return Target{}, err
	}
	return target, nil
}
