// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package console serves the web console at /console/. The console is a page that uses the REST API and nothing else. Its
// sources are in web/; `make console` builds them into dist/, which is embedded here. A program that was built without it
// says at /console/ what is missing.
//
// e2e/ has the tests that use it in a browser, on a real cluster; hack/e2e runs them.
//
// files.go reads what is embedded, handler.go answers requests, encoding.go chooses the encoding of an answer.
package console
