// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package post makes one attempt to deliver a message: an HTTP request, or a mail. It has the connections; what is sent
// and what an answer means is decided by package send, and which addresses may be dialled by package dial.
package post

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"k8s.io/utils/clock"

	"github.com/taskexec/taskexec/controllers/logs/parse"
	"github.com/taskexec/taskexec/controllers/logs/redact"
	"github.com/taskexec/taskexec/controllers/notify/dial"
	"github.com/taskexec/taskexec/controllers/notify/message"
	"github.com/taskexec/taskexec/controllers/notify/send"
)

const (
	// Timeout bounds one attempt, from the resolution of the name to the end of the answer. Standard Webhooks recommends
	// 15 to 30 s.
	Timeout = 15 * time.Second
	// maxAnswer is how many bytes of an answer are read.
	maxAnswer = 64 << 10
	// maxHeader is how many bytes the headers of an answer may have.
	maxHeader = 64 << 10
	// maxReason bounds a reason, in bytes.
	maxReason = 300
	// userAgent is sent with each request.
	userAgent = "taskexec-notify"
)

// Poster makes attempts. It is safe for concurrent use, and keeps no connections between attempts.
type Poster struct {
	client *http.Client
	guard  *dial.Guard
	clock  clock.PassiveClock
	tls    *tls.Config
	// timeout bounds one attempt.
	timeout time.Duration
}

// New returns a Poster. config is the client's TLS configuration; nil means the certificate authorities of the system.
func New(guard *dial.Guard, c clock.PassiveClock, config *tls.Config) *Poster {
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return &Poster{guard: guard, clock: c, tls: config, timeout: Timeout, client: &http.Client{
		// A redirect leads to an address that the owner of the target did not choose.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			// There is no proxy: it would dial instead of us, and so past the guard.
			DialContext:            guard.Dialer(Timeout).DialContext,
			TLSClientConfig:        config,
			ForceAttemptHTTP2:      true,
			DisableKeepAlives:      true, // a target gets a message now and then, and a connection might be closed by then
			MaxResponseHeaderBytes: maxHeader,
		},
	}}
}

// Send makes one attempt to deliver a message. It takes at most Timeout, or as long as ctx. The reason of the verdict has
// no part of the target's secrets.
func (p *Poster) Send(ctx context.Context, t send.Target, m message.Message) send.Verdict {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	verdict := p.attempt(ctx, t, m)
	verdict.Reason = parse.Harmless(redact.New(t.Secrets()).Text(verdict.Reason), maxReason)
	return verdict
}

func (p *Poster) attempt(ctx context.Context, t send.Target, m message.Message) send.Verdict {
	if t.Type == send.Email {
		return p.mail(ctx, t, m)
	}
	request, err := send.New(t, m, p.clock.Now())
	if err != nil {
		return send.Verdict{Outcome: send.Refused, Reason: err.Error()}
	}
	answer, err := p.post(ctx, t.Type, request)
	if err != nil {
		return troubled(ctx, err)
	}
	return send.Judge(t.Type, answer, p.clock.Now())
}

// post sends a request and reads the beginning of the answer. It returns an error if the answer breaks off before its body
// said what the verdict depends on.
func (p *Poster) post(ctx context.Context, t send.Type, r send.Request) (send.Answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return send.Answer{}, err
	}
	for name, value := range r.Header {
		request.Header.Set(name, value)
	}
	request.Header.Set("User-Agent", userAgent)
	response, err := p.client.Do(request)
	if err != nil {
		return send.Answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	answer := send.Answer{Status: response.StatusCode, RetryAfter: response.Header.Get("Retry-After"), Body: body}
	if err != nil && send.NeedsBody(t, response.StatusCode) {
		return send.Answer{}, fmt.Errorf("the answer HTTP %d broke off: %w", response.StatusCode, err)
	}
	return answer, nil
}

// troubled is the verdict on an attempt without an answer. A forbidden address stays forbidden; everything else may pass.
func troubled(ctx context.Context, err error) send.Verdict {
	var inURL *url.Error
	if errors.As(err, &inURL) {
		err = inURL.Err // the error itself quotes the address
	}
	var onNetwork *net.OpError
	switch {
	case errors.Is(err, dial.ErrForbidden):
		return send.Verdict{Outcome: send.Refused, Reason: forbidden(err)}
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return send.Verdict{Outcome: send.Retry, Reason: fmt.Sprintf("no answer within %s", Timeout)}
	case errors.As(err, &onNetwork): // it quotes the addresses of both ends
		return send.Verdict{Outcome: send.Retry, Reason: onNetwork.Op + ": " + onNetwork.Err.Error()}
	default:
		return send.Verdict{Outcome: send.Retry, Reason: err.Error()}
	}
}

// forbidden returns the guard's own words. The error around them, net.OpError, has the address that was resolved.
func forbidden(err error) string {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if errors.Is(errors.Unwrap(e), dial.ErrForbidden) {
			err = e
		}
	}
	return err.Error()
}
