// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/hex"
	"hash/fnv"
	"io"
	"net/http"
	"strings"
)

// ETags are weak. A representation is made from the resource, whose resourceVersion changes with every write. Only the
// duration of an active run changes without a write, and a client can compute it from startedAt. Two versions of the
// facade may also encode the same state differently. https://www.rfc-editor.org/rfc/rfc9110#section-8.8.1

// TagOf returns the ETag of a resource, empty if it has no version.
func TagOf(resourceVersion string) string {
	if resourceVersion == "" {
		return ""
	}
	return `W/"` + resourceVersion + `"`
}

// TagOfParts returns the ETag of an answer that is made from several parts. Their order matters.
func TagOfParts(parts ...string) string {
	sum := fnv.New128a()
	for _, part := range parts {
		_, _ = io.WriteString(sum, part) // a hash never fails
		_, _ = sum.Write([]byte{0})
	}
	return `W/"` + hex.EncodeToString(sum.Sum(nil)) + `"`
}

// HasTag reports whether If-None-Match has the tag, by weak comparison.
func HasTag(r *http.Request, tag string) bool {
	if tag == "" {
		return false
	}
	opaque := strings.TrimPrefix(tag, "W/")
	for _, header := range r.Header.Values("If-None-Match") {
		for one := range strings.SplitSeq(header, ",") {
			if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == opaque {
				return true
			}
		}
	}
	return false
}

// Unchanged sends the ETag. If the client has that state, it answers 304 and returns true.
func Unchanged(w http.ResponseWriter, r *http.Request, tag string) bool {
	if tag != "" {
		w.Header().Set("ETag", tag)
	}
	if !HasTag(r, tag) {
		return false
	}
	w.WriteHeader(http.StatusNotModified)
	return true
}
