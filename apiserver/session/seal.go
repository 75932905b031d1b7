// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// Keys derives the key for a purpose from the secret of the installation, 32 bytes. The error is the answer to a request.
type Keys func(purpose string) ([]byte, error)

// purpose is what a sealed text is for. What was sealed for one purpose is not valid for another.
type purpose string

const (
	forCookie purpose = "session cookie"
	forLink   purpose = "login link"
)

// sealed is what a sealed text holds.
type sealed struct {
	// expires is until when the text is valid, in whole seconds.
	expires time.Time
	// forAPIServer is Credential.ForAPIServer.
	forAPIServer bool
	// text is a token.
	text string
}

// errUnsealed means that a text was not sealed with this key for this purpose, or is no longer valid.
var errUnsealed = errors.New("the sealed text is not valid")

// maxText bounds an unsealed text in bytes.
const maxText = 64 << 10

// flagForAPIServer is a bit of the byte of flags.
const flagForAPIServer = 1

// seal encrypts and authenticates a text with AES-256-GCM and a random nonce. The text is compressed before: tokens are
// mostly Base64, and a cookie is small. Nobody but the owner of the token chooses any of the text, so that its length says
// nothing.
//
//	Base64( nonce | AES-GCM( flags, 1 byte | expires, 8 bytes | DEFLATE( text ) ) )
func (k Keys) seal(to purpose, s sealed) (string, error) {
	aead, err := k.aead(to)
	if err != nil {
		return "", err
	}
	var plain bytes.Buffer
	flags := byte(0)
	if s.forAPIServer {
		flags |= flagForAPIServer
	}
	plain.WriteByte(flags)
	plain.Write(binary.BigEndian.AppendUint64(nil, uint64(s.expires.Unix()))) //nolint:gosec // open reads it as an int64 again
	writer, err := flate.NewWriter(&plain, flate.BestCompression)
	if err == nil {
		_, err = io.WriteString(writer, s.text)
	}
	if err == nil {
		err = writer.Close()
	}
	if err != nil {
		return "", fmt.Errorf("compressing a token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(aead.Seal(nil, nil, plain.Bytes(), nil)), nil //nolint:gosec // this AEAD makes a random nonce itself
}

// open returns what a text holds. It returns errUnsealed for any text that is not the result of seal, and after expires.
func (k Keys) open(from purpose, text string, now time.Time) (s sealed, err error) {
	aead, err := k.aead(from)
	if err != nil {
		return s, err
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return s, errUnsealed
	}
	plain, err := aead.Open(nil, nil, raw, nil)
	if err != nil || len(plain) < 1+8 {
		return s, errUnsealed
	}
	s.forAPIServer = plain[0]&flagForAPIServer != 0
	s.expires = time.Unix(int64(binary.BigEndian.Uint64(plain[1:])), 0).UTC() //nolint:gosec // seal wrote it from an int64
	if !now.Before(s.expires) {
		return sealed{}, errUnsealed
	}
	content, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(plain[1+8:])), maxText))
	if err != nil {
		return sealed{}, errUnsealed
	}
	s.text = string(content)
	return s, nil
}

func (k Keys) aead(of purpose) (cipher.AEAD, error) {
	key, err := k("taskexec " + string(of) + " v1")
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("making the cipher of a %s: %w", of, err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}
