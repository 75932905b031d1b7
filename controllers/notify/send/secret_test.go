// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package send

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTargetOfASecret(t *testing.T) {
	from, to := "tasks@example.com", []string{"ann@example.com"}
	mail := func(port int, encryption MailTLS, user, password string) Target {
		return Target{Type: Email, Mail: Mail{Host: "mail.example.com", Port: port, TLS: encryption, Username: user, Password: password, From: from, To: to}}
	}
	for name, c := range map[string]struct {
		of   Type
		data map[string]string
		want Target
		err  string
	}{
		"a chat":          {Slack, map[string]string{"url": "https://x/y\n", "host": "no"}, Target{Type: Slack, URL: "https://x/y", Keyword: "ops"}, ""},
		"a webhook":       {Webhook, map[string]string{"url": "https://x/y", "secret": " " + goodSecret + "\n"}, Target{Type: Webhook, URL: "https://x/y", Secret: goodSecret, Keyword: "ops"}, ""},
		"mail by default": {Email, map[string]string{"host": "mail.example.com", "username": "u", "password": "p\n"}, mail(587, StartTLS, "u", "p"), ""},
		"mail over TLS":   {Email, map[string]string{"host": "mail.example.com", "tls": "tls"}, mail(465, ImplicitTLS, "", ""), ""},
		"a relay":         {Email, map[string]string{"host": "mail.example.com", "tls": "none"}, mail(25, NoTLS, "", ""), ""},
		"a port":          {Email, map[string]string{"host": "mail.example.com", "port": "2525"}, mail(2525, StartTLS, "", ""), ""},
		"no data":         {Slack, nil, Target{}, "set its key url"},
		"no mail server":  {Email, nil, Target{}, "set its key host"},
		"no number":       {Email, map[string]string{"host": "h", "port": "smtp"}, Target{}, "the key port of the Secret"},
		"another TLS":     {Email, map[string]string{"host": "h", "tls": "ssl"}, Target{}, "not one of starttls"},
		"an unknown type": {"pager", map[string]string{"url": "https://x/y"}, Target{}, "not known"},
	} {
		t.Run(name, func(t *testing.T) {
			data := map[string][]byte{}
			for key, value := range c.data {
				data[key] = []byte(value)
			}
			keyword := ""
			if c.of != Email {
				keyword = "ops"
			}
			got, err := FromSecret(c.of, keyword, from, to, data)
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
