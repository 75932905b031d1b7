// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"maps"
	"net/http"

	"github.com/taskexec/taskexec/apiserver/openapi"
)

// Operations describes the routes of sessions.
func Operations() openapi.Operations {
	cookie := map[string]string{"Set-Cookie": "The cookie of the session, or its removal."}
	noLogin := openapi.Problem(http.StatusConflict, "Nobody needs to log in (--auth=none).")
	otherSite := openapi.Problem(http.StatusForbidden, "A page of another site made a browser send the request.")
	described := openapi.Operations{
		"GET /session": {
			ID: "getSession", Tag: openapi.TagSession, Summary: "Say who is logged in, and how to log in.", Public: true,
			Details: "It does not fail if nobody is logged in.",
			Answers: []openapi.Answer{{Status: http.StatusOK, Description: "The session.", Body: Session{}, Headers: cookie}, otherSite},
		},
		"POST /session": {
			ID: "createSession", Tag: openapi.TagSession, Summary: "Log a browser in.", Public: true,
			Details: "The token is checked like one in the header Authorization. The cookie of the answer holds it sealed, and authorises requests of pages of the same site. " +
				"The session ends with the token, at the latest after 12 hours. A token that is too large for a cookie is rejected.",
			Body: loginRequest{}, BodyRequired: true,
			Answers: []openapi.Answer{
				{Status: http.StatusOK, Description: "The session.", Body: Session{}, Headers: cookie},
				{
					Status: http.StatusUnauthorized, Description: "The token is not valid, or the code is not valid, too old or used already.",
					Headers: map[string]string{"WWW-Authenticate": "For a token: how to authenticate (RFC 6750)."},
				},
				otherSite, noLogin,
			},
		},
		"DELETE /session": {
			ID: "deleteSession", Tag: openapi.TagSession, Summary: "Log a browser out.", Public: true,
			Details: "The browser forgets the cookie. The token stays valid until it expires.",
			Answers: []openapi.Answer{{Status: http.StatusNoContent, Description: "Nobody is logged in any more.", Headers: cookie}, otherSite},
		},
		"POST /session/links": {
			ID: "createLoginLink", Tag: openapi.TagSession, Summary: "Make a link that logs a browser in once, with the token of the request.",
			Details: "The link is valid for five minutes. The request needs a header Authorization; a cookie is not enough.",
			Answers: []openapi.Answer{
				{Status: http.StatusCreated, Description: "The link.", Body: LoginLink{}},
				openapi.Problem(http.StatusForbidden, "The request has only a cookie, or a page of another site made a browser send it."),
				noLogin,
			},
		},
	}
	maps.Copy(described, oidcOperations())
	return described
}

// oidcOperations describes the routes of a login with OpenID Connect.
func oidcOperations() openapi.Operations {
	elsewhere := openapi.Answer{Status: http.StatusSeeOther, Description: "The browser goes to another address.", Headers: map[string]string{"Location": "The address.", "Set-Cookie": "The cookie of the session, or of a login that is under way."}}
	none := openapi.Problem(http.StatusNotFound, "There is no login with OpenID Connect (--oidc-issuer).")
	return openapi.Operations{
		"GET /session/oidc": {
			ID: "beginLogin", Tag: openapi.TagSession, Summary: "Send a browser to the issuer of OpenID Connect.", Public: true,
			Parameters: []openapi.Parameter{openapi.Query("return", "The path of the console to which the browser goes after the login.", openapi.Text())},
			Answers:    []openapi.Answer{elsewhere, none},
		},
		"GET /session/oidc/callback": {
			ID: "endLogin", Tag: openapi.TagSession, Summary: "Log a browser in that comes back from the issuer.", Public: true,
			Details: "If the login fails, the browser goes to the console with `#login-error=` and a word: denied, expired, failed, refused, too-large or busy.",
			Parameters: []openapi.Parameter{
				openapi.Query("code", "The code of the issuer.", openapi.Text()), openapi.Query("state", "The state of the login.", openapi.Text()),
				openapi.Query("error", "Why the issuer refuses.", openapi.Text()),
			},
			Answers: []openapi.Answer{elsewhere, none},
		},
	}
}
