// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// signer is a token issuer with one key.
type signer struct {
	private *ecdsa.PrivateKey
	id      string
}

func newSigner(t testing.TB, id string) signer {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{private, id}
}

// published returns the keys in the form in which the API server publishes them.
func published(t testing.TB, of ...signer) []byte {
	t.Helper()
	keys := jose.JSONWebKeySet{}
	for _, s := range of {
		keys.Keys = append(keys.Keys, jose.JSONWebKey{Key: s.private.Public(), KeyID: s.id, Algorithm: string(jose.ES256), Use: "sig"})
	}
	raw, err := json.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func (s signer) token(t testing.TB, expires time.Time, audience ...string) string {
	t.Helper()
	with, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: s.private}, (&jose.SignerOptions{}).WithHeader("kid", s.id))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(with).Claims(jwt.Claims{Subject: "system:serviceaccount:a:b", Audience: audience, Expiry: jwt.NewNumericDate(expires)}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestCase50TokensThatTheClusterIssued(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ours, forged, unknown := newSigner(t, "key"), newSigner(t, "key"), newSigner(t, "other")
	later := now.Add(time.Hour)
	for name, c := range map[string]struct {
		token string
		want  bool
	}{
		"signed by the API server":    {ours.token(t, later, "taskexec"), true},
		"one of its audiences":        {ours.token(t, later, "other", "taskexec"), true},
		"for another audience":        {ours.token(t, later, "other"), false},
		"for none":                    {ours.token(t, later), false},
		"expired":                     {ours.token(t, now.Add(-time.Second), "taskexec"), false},
		"signed by somebody else":     {forged.token(t, later, "taskexec"), false},
		"by a key that is none":       {unknown.token(t, later, "taskexec"), false},
		"cut":                         {ours.token(t, later, "taskexec")[:60], false},
		"not signed at all":           {"eyJhbGciOiJub25lIiwia2lkIjoia2V5In0.eyJhdWQiOlsidGFza2V4ZWMiXX0.", false},
		"something else than a token": {"guess", false},
		"nothing":                     {"", false},
	} {
		i := newIssued(func(context.Context) ([]byte, error) { return published(t, ours), nil }, []string{"taskexec"})
		if got := i.has(t.Context(), c.token, now); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Guessed tokens do not make the facade fetch the keys each time, but it does find a new key.
func TestCase50KeysAreReadRarely(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	old, renewed := newSigner(t, "old"), newSigner(t, "new")
	reads, away, keys := 0, error(nil), []signer{old}
	i := newIssued(func(context.Context) ([]byte, error) {
		reads++
		return published(t, keys...), away
	}, nil)
	has := func(s signer, at time.Time) bool { return i.has(t.Context(), s.token(t, at.Add(time.Hour)), at) }
	for range 3 {
		if !has(old, now) || has(renewed, now) {
			t.Error("a token of a known key is not told from one of an unknown key")
		}
	}
	keys = []signer{old, renewed}
	if reads != 1 || has(renewed, now.Add(time.Second)) {
		t.Errorf("the keys were read %d times", reads)
	}
	away = errors.New("away")
	if has(renewed, now.Add(keysRefresh)) || !has(old, now.Add(keysRefresh)) {
		t.Error("while the API server is away, the known keys must stay valid")
	}
	away = nil
	if !has(renewed, now.Add(2*keysRefresh)) || reads != 3 {
		t.Errorf("the new key is not found, after %d reads", reads)
	}
}

func FuzzCase50Issued(f *testing.F) {
	ours := newSigner(f, "key")
	f.Add(ours.token(f, time.Now().Add(time.Hour), "taskexec")[:100])
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("..")
	raw := published(f, ours)
	f.Fuzz(func(t *testing.T, token string) {
		i := newIssued(func(context.Context) ([]byte, error) { return raw, nil }, []string{"taskexec"})
		if i.has(t.Context(), token, time.Now()) {
			t.Errorf("%q is accepted as the API server's", token)
		}
	})
}
