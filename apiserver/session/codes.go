// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"

	"github.com/taskexec/taskexec/apiserver/web"
)

// Codes remembers which codes were used. It is safe for concurrent use.
type Codes interface {
	// Use records that a code is used, and reports whether it is the first time. The code need not be remembered longer
	// than until.
	Use(ctx context.Context, code string, until time.Time) (first bool, err error)
}

// maxCodes bounds how many used codes are remembered.
const maxCodes = 1000

// used are used codes, and until when each is to be remembered, in Unix time.
type used map[string]int64

// add records a code, and forgets those whose time is over. It reports whether the code is new. The error is the answer
// to the request.
func (u used) add(code string, until, now time.Time) (first bool, err error) {
	for other, end := range u {
		if end <= now.Unix() {
			delete(u, other)
		}
	}
	if _, again := u[code]; again {
		return false, nil
	}
	if len(u) >= maxCodes {
		p := web.Problemf(http.StatusTooManyRequests, "%d login links were used within minutes; try again later", maxCodes)
		p.RetryAfter = int(linkLife.Seconds())
		return false, p
	}
	u[code] = until.Unix()
	return true, nil
}

// InMemory remembers codes for one replica.
type InMemory struct {
	mu   sync.Mutex
	used used
}

// Use records that a code is used.
func (m *InMemory) Use(_ context.Context, code string, until time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.used == nil {
		m.used = used{}
	}
	return m.used.add(code, until, time.Now())
}

// InSecret remembers codes in the Secret of the installation, so that each code is used once, whatever replica gets it and
// however often replicas are restarted.
type InSecret struct {
	Client          kubernetes.Interface
	Namespace, Name string
}

const (
	// codesField is the field of the Secret.
	codesField = "used-login-codes"
	// codesPatience bounds the work on the Secret for one code.
	codesPatience = 5 * time.Second
)

// codesBackoff is how often a write is tried that lost against another login's: many people may log in at once.
var codesBackoff = wait.Backoff{Steps: 12, Duration: 10 * time.Millisecond, Factor: 1.5, Jitter: 0.5}

// Use records that a code is used. If two replicas record the same code at the same time, the API server takes one of the
// writes, and the other replica finds the code in the second attempt.
func (s InSecret) Use(ctx context.Context, code string, until time.Time) (first bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, codesPatience)
	defer cancel()
	secrets := s.Client.CoreV1().Secrets(s.Namespace)
	err = retry.RetryOnConflict(codesBackoff, func() error {
		secret, err := secrets.Get(ctx, s.Name, metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("reading used login codes from the Secret %s/%s: %w", s.Namespace, s.Name, err)
		}
		known := used{}
		if raw := secret.Data[codesField]; len(raw) > 0 {
			if err := json.Unmarshal(raw, &known); err != nil {
				return fmt.Errorf("the field %q of the Secret %s/%s is damaged; remove it: %w", codesField, s.Namespace, s.Name, err)
			}
		}
		if first, err = known.add(code, until, time.Now()); err != nil || !first {
			return err
		}
		raw, err := json.Marshal(known)
		if err != nil {
			return err
		}
		if secret.Data == nil {
			secret.Data = map[string][]byte{}
		}
		secret.Data[codesField] = raw
		_, err = secrets.Update(ctx, secret, metav1.UpdateOptions{})
		return err
	})
	return first && err == nil, err
}
