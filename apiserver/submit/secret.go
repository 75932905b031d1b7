// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"

	"github.com/taskexec/taskexec/apiserver/web"
)

const (
	// secretField is the field of the Secret that has the installation's secret.
	secretField = "key"
	// secretBytes is the least length of the secret, and the length of one that the facade makes.
	secretBytes = 32
	// secretPatience bounds one read of the Secret. secretPause is the time between two reads.
	secretPatience = 5 * time.Second
	secretPause    = 5 * time.Second
)

// InstallationSecret conceals Idempotency-Keys, and seals the cookies of sessions. The id and the digest of an execution
// are derived from the key, and more people can read them than know the key. Without a secret, they could try all simple
// keys. All replicas share the secret and keep it over restarts, so that they recognize repetitions. A nil value conceals
// nothing.
type InstallationSecret struct {
	Namespace, Name string
	Value           atomic.Pointer[[]byte]
}

// conceal returns the replacement of a key in ids and digests. While the secret is not known, it returns an error,
// because a repetition would start a second run.
func (i *InstallationSecret) conceal(key string) (string, error) {
	if i == nil {
		return key, nil
	}
	secret := i.Value.Load()
	if secret == nil {
		return "", web.Unavailable(fmt.Sprintf("requests with an %s are not accepted, because the facade cannot read the Secret that it needs for keys; its log says why. Try again, or send the request without the header", HeaderIdempotencyKey))
	}
	mac := hmac.New(sha256.New, *secret)
	mac.Write([]byte(key))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), nil
}

// RandomSecret returns a secret that only this process has.
func RandomSecret() *InstallationSecret {
	value := make([]byte, secretBytes)
	_, _ = rand.Read(value) // never fails
	i := &InstallationSecret{}
	i.Value.Store(&value)
	return i
}

// Key derives a key of 32 bytes for a purpose from the secret. Keys of different purposes say nothing about each other.
// While the secret is not known, it returns a problem.
func (i *InstallationSecret) Key(purpose string) ([]byte, error) {
	secret := i.Value.Load()
	if secret == nil {
		return nil, web.Unavailable("nobody can log in, because the facade cannot read the Secret with the key of sessions; its log says why. Try again, or send a token in the header Authorization")
	}
	return hkdf.Key(sha256.New, *secret, nil, purpose, secretBytes)
}

// KeepTrying reads the secret until it succeeds or ctx ends. It calls tried after the first attempt.
func (i *InstallationSecret) KeepTrying(ctx context.Context, client kubernetes.Interface, log logr.Logger, tried func()) {
	for {
		err := i.read(ctx, client)
		tried()
		tried = func() {}
		if err == nil || ctx.Err() != nil {
			return
		}
		log.Error(err, "Rejecting requests with an Idempotency-Key until the Secret can be read (--idempotency-secret)", "secret", i.Namespace+"/"+i.Name)
		select {
		case <-time.After(secretPause):
		case <-ctx.Done():
			return
		}
	}
}

// read reads the secret from the Secret, and writes one if the Secret has none yet. If several replicas write, one wins
// and the others use its secret. read never creates the Secret: that would need the right to create Secrets in the
// namespace of the installation.
func (i *InstallationSecret) read(ctx context.Context, client kubernetes.Interface) error {
	ctx, cancel := context.WithTimeout(ctx, secretPatience)
	defer cancel()
	secrets := client.CoreV1().Secrets(i.Namespace)
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		secret, err := secrets.Get(ctx, i.Name, metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("reading the Secret (config/apiserver/idempotency_secret.yaml makes it, config/rbac/apiserver_idempotency_role.yaml lets the facade read it): %w", err)
		}
		value := secret.Data[secretField]
		if len(value) == 0 {
			value = make([]byte, secretBytes)
			_, _ = rand.Read(value) // never fails
			if secret.Data == nil {
				secret.Data = map[string][]byte{}
			}
			secret.Data[secretField] = value
			if _, err := secrets.Update(ctx, secret, metav1.UpdateOptions{}); err != nil {
				return err
			}
		}
		if len(value) < secretBytes {
			return fmt.Errorf("the field %q of the Secret has %d bytes, want at least %d; remove the field, and the facade makes one", secretField, len(value), secretBytes)
		}
		i.Value.Store(&value)
		return nil
	})
}
