package web

import (
	"encoding/hex"
	"hash/fnv"
	"io"
	"net/http"
	"strings"
)

// Tags are weak. A representation is made of the resource, whose resourceVersion changes with every write; what else
// changes in it is the duration of a run that goes on, which a client can reckon from startedAt. And two versions of the
// facade may spell the same state differently. https://www.rfc-editor.org/rfc/rfc9110#section-8.8.1

// TagOf a resource; empty when it has no version.
func TagOf(resourceVersion string) string {
	if resourceVersion == "" {
		return ""
	}
	return `W/"` + resourceVersion + `"`
}

// TagOfParts of an answer that is made of several. The parts need an order.
func TagOfParts(parts ...string) string {
	sum := fnv.New128a()
	for _, part := range parts {
		_, _ = io.WriteString(sum, part) // a hash takes everything
		_, _ = sum.Write([]byte{0})
	}
	return `W/"` + hex.EncodeToString(sum.Sum(nil)) + `"`
}

// HasTag tells whether the client said that it has what the tag is of (If-None-Match, by weak comparison).
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

// Unchanged answers 304 when the client has what the tag is of, and tells so.
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
