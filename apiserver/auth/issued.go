// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/time/rate"
)

const (
	// keysPath is where an API server publishes the keys with which it signs the tokens of service accounts. By default,
	// every service account may read it (ClusterRole system:service-account-issuer-discovery).
	keysPath = "/openid/v1/jwks"
	// keysRefresh is the shortest time between two reads of the keys. They are read again when a token names an unknown
	// key, which may be new.
	keysRefresh = time.Minute
	// keysPatience bounds one read.
	keysPatience = 2 * time.Second
)

// algorithms returns the signature algorithms that API servers use for tokens.
func algorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512}
}

// issued knows the keys of an API server. It is safe for concurrent use.
type issued struct {
	read      func(ctx context.Context) ([]byte, error)
	audiences []string
	refresh   *rate.Limiter

	mu   sync.Mutex
	keys jose.JSONWebKeySet
}

func newIssued(read func(ctx context.Context) ([]byte, error), audiences []string) *issued {
	return &issued{read: read, audiences: audiences, refresh: rate.NewLimiter(rate.Every(keysRefresh), 1)}
}

// has reports whether the API server signed a token for one of the audiences and the token has not expired. That proves
// who issued the token and nothing else: it may have been revoked. has returns false for tokens of other issuers, such as
// an OIDC provider, and for all tokens while the keys cannot be read.
func (i *issued) has(ctx context.Context, token string, now time.Time) bool {
	parsed, err := jwt.ParseSigned(token, algorithms())
	if err != nil || len(parsed.Headers) != 1 || parsed.Headers[0].KeyID == "" {
		return false
	}
	key := i.key(ctx, parsed.Headers[0].KeyID, now)
	claims := jwt.Claims{}
	if key == nil || parsed.Claims(key.Key, &claims) != nil {
		return false
	}
	expected := jwt.Expected{Time: now, AnyAudience: slices.Clone(i.audiences)}
	return claims.Expiry != nil && claims.ValidateWithLeeway(expected, 0) == nil
}

// key returns the key with that id, or nil if it is not known. It reads the keys if that is due.
func (i *issued) key(ctx context.Context, id string, now time.Time) *jose.JSONWebKey {
	i.mu.Lock()
	defer i.mu.Unlock()
	if keys := i.keys.Key(id); len(keys) > 0 {
		return &keys[0]
	}
	if !i.refresh.AllowN(now, 1) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keysPatience) // a caller that leaves must not waste the read
	defer cancel()
	// A failed read is repeated after keysRefresh. Until then, new keys stay unknown.
	if keys, err := i.readKeys(ctx); err == nil {
		i.keys = keys
	}
	if keys := i.keys.Key(id); len(keys) > 0 {
		return &keys[0]
	}
	return nil
}

func (i *issued) readKeys(ctx context.Context) (keys jose.JSONWebKeySet, err error) {
	raw, err := i.read(ctx)
	if err == nil {
		err = json.Unmarshal(raw, &keys)
	}
	if err == nil && len(keys.Keys) == 0 {
		err = errors.New("it has no keys")
	}
	if err != nil {
		return keys, fmt.Errorf("reading the keys of the API server at %s: %w", keysPath, err)
	}
	return keys, nil
}
