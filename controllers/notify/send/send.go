// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package send knows the formats of receivers: it turns a message into a request, and an answer into a verdict. It is
// pure; package post does the I/O.
//
// Each vendor has a file, which names the document that its rules come from. To add one, write such a file and add it to
// vendors. Mail has no request: package post makes it with go-mail.
package send

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/taskexec/taskexec/controllers/notify/message"
)

// Type is the type of a target.
type Type string

// The types.
const (
	Webhook  Type = "webhook"
	Feishu   Type = "feishu"
	DingTalk Type = "dingtalk"
	WeCom    Type = "wecom"
	Slack    Type = "slack"
	Email    Type = "email"
)

// Target is where messages go. URL and Secret are secrets: an address of a chat has its token in it.
type Target struct {
	Type Type
	// URL is the address that gets the POST. Email has none.
	URL string
	// Secret signs. Webhook requires it (whsec_…); Feishu and DingTalk have one if the robot asks for signatures.
	Secret string
	// Keyword is a word that the robot wants in each message, for Feishu and DingTalk. It may be empty.
	Keyword string
	// Mail is for Email only.
	Mail Mail
}

// Request is a POST.
type Request struct {
	URL string
	// Header has the Content-Type and those of the vendor.
	Header map[string]string
	Body   []byte
}

// vendor is one receiver's format.
type vendor struct {
	// request makes the request. It fails only for a target that Validate refuses.
	request func(t Target, m message.Message, now time.Time) (Request, error)
	// judge judges an answer with a status of 2xx; judgeStatus does the others.
	judge func(body []byte) Verdict
}

var vendors = map[Type]vendor{
	Webhook:  {webhookRequest, judgeWebhook},
	Feishu:   {feishuRequest, judgeFeishu},
	DingTalk: {dingtalkRequest, judgeDingTalk},
	WeCom:    {wecomRequest, judgeWeCom},
	Slack:    {slackRequest, judgeSlack},
}

// Validate says what is wrong with a target. The error has no value of URL or Secret.
func (t Target) Validate() error {
	if t.Type == Email {
		return t.Mail.validate()
	}
	if _, ok := vendors[t.Type]; !ok {
		return fmt.Errorf("the type %q is not known", t.Type)
	}
	u, err := url.Parse(t.URL)
	switch {
	case t.URL == "":
		return errors.New("the Secret has no address: set its key url")
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("the address in the Secret's key url is not an http or https URL")
	case u.User != nil:
		return errors.New("the address in the Secret's key url has a user or a password, which is not supported")
	}
	if t.Type == Webhook {
		_, err = webhookKeys(t.Secret)
	}
	return err
}

// New returns the request that sends a message to a target of any type but Email. It returns an error for a target that
// Validate refuses.
func New(t Target, m message.Message, now time.Time) (Request, error) {
	if err := t.Validate(); err != nil {
		return Request{}, err
	}
	v, ok := vendors[t.Type]
	if !ok {
		return Request{}, fmt.Errorf("the type %q has no HTTP request", t.Type)
	}
	m.Title = withKeyword(m, t.Keyword)
	return v.request(t, m, now)
}

// withKeyword returns the title with the robot's keyword, unless it has it.
func withKeyword(m message.Message, keyword string) string {
	if keyword == "" || strings.Contains(m.Title, keyword) {
		return m.Title
	}
	return "[" + keyword + "] " + m.Title
}

// jsonRequest is a POST of JSON. "<" is written as it is, because its escape has six bytes, and vendors count bytes.
func jsonRequest(address string, body any) (Request, error) {
	var data bytes.Buffer
	encoder := json.NewEncoder(&data)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		return Request{}, fmt.Errorf("encoding the message: %w", err)
	}
	return Request{URL: address, Header: map[string]string{"Content-Type": "application/json; charset=utf-8"}, Body: data.Bytes()}, nil
}

// Secrets returns the parts of a target that no status, Event or log may show: the whole address, the parts of its path
// and its query that are long enough to be a token, the secret, and the password.
func (t Target) Secrets() []string {
	secrets := append(strings.Fields(t.Secret), t.Secret, t.URL, t.Mail.Password)
	if u, err := url.Parse(t.URL); err == nil {
		secrets = append(secrets, strings.Split(u.Path, "/")...)
		for _, values := range u.Query() {
			secrets = append(secrets, values...)
		}
	}
	return slices.DeleteFunc(secrets, func(s string) bool { return len(s) < minToken })
}

// minToken is how long a part of an address is at least, in bytes, to be taken for a token.
const minToken = 8
