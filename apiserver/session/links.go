// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
)

// linkLife is how long a login link is valid.
const linkLife = 5 * time.Minute

// LoginLink logs somebody in once.
type LoginLink struct {
	// Code is what POST /session takes.
	Code string `json:"code"`
	// Path is the path of the console with the code in its fragment, which browsers do not send: no log has it.
	Path string `json:"path"`
	// ExpiresAt is until when the link is valid.
	ExpiresAt time.Time `json:"expiresAt"`
}

// linkPath is the path of a link before its code.
const linkPath = "/console/#login="

// CreateLink answers with a link that logs somebody in once, with the token of the request. A cookie is not enough: a
// script in the browser could otherwise take the session to another machine.
func (h *Handlers) CreateLink(w http.ResponseWriter, r *http.Request) error {
	if h.Guard.Gate == nil {
		return errNoLogin
	}
	of := access.CallerOf(r.Context()).Credential
	if of.FromCookie {
		return web.Problemf(http.StatusForbidden, "a login link takes a token in the header Authorization; a session's cookie is not enough")
	}
	now := h.Now()
	link := LoginLink{ExpiresAt: now.Add(linkLife).UTC().Truncate(time.Second)}
	if end := endOf(of.Token, now); end.Before(link.ExpiresAt) {
		link.ExpiresAt = end
	}
	var err error
	if link.Code, err = h.Keys.seal(forLink, sealed{expires: link.ExpiresAt, text: of.Token}); err != nil {
		return err
	}
	link.Path = linkPath + link.Code
	return web.ReplyWith(w, http.StatusCreated, link)
}

// redeem logs in with the code of a link. The code counts as used only if nothing else is wrong.
func (h *Handlers) redeem(w http.ResponseWriter, r *http.Request, code string) error {
	s, err := h.Keys.open(forLink, code, h.Now())
	if errors.Is(err, errUnsealed) {
		return h.Guard.Failed(r, web.Problemf(http.StatusUnauthorized, "the login link is not valid or too old; ask for another one"))
	}
	if err != nil {
		return err
	}
	return h.login(w, r, access.Credential{Token: s.text}, func() error {
		digest := sha256.Sum256([]byte(code))
		first, err := h.Codes.Use(r.Context(), base64.RawURLEncoding.EncodeToString(digest[:16]), s.expires)
		if err == nil && !first {
			err = h.Guard.Failed(r, web.Problemf(http.StatusUnauthorized, "the login link was used already; ask for another one"))
		}
		return err
	})
}
