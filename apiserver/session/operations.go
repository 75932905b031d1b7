// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"net/http"

	"github.com/taskexec/taskexec/apiserver/openapi"
)

// Operations describes the routes of sessions.
func Operations() openapi.Operations {
	cookie := map[string]string{"Set-Cookie": "The cookie of the session, or its removal."}
	noLogin := openapi.Problem(http.StatusConflict, "Nobody needs to log in (--auth=none).")
	otherSite := openapi.Problem(http.StatusForbidden, "A page of another site made a browser send the request.")
	return openapi.Operations{
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
}
