// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runindex

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Position is the place of an execution in the order of creation. Both parts never change. So a position stays valid when
// executions are added and removed, even its own, and means the same in every replica.
type Position struct {
	// Created is the creation time in seconds since 1970: the API server stores no fractions.
	Created int64
	// Name orders executions of the same second.
	Name string
}

// compare orders by creation, newest first, and within the same second by name.
func (p Position) compare(q Position) int {
	if c := cmp.Compare(q.Created, p.Created); c != 0 {
		return c
	}
	return cmp.Compare(p.Name, q.Name)
}

// Cursor says where the next page of a list begins, and in which order the list is.
type Cursor struct {
	After       Position
	OldestFirst bool
}

var errCursor = errors.New("not a cursor of this API")

const (
	// maxCursor is the longest cursor in bytes. A name has at most 253.
	maxCursor = 512
	// maxCreated is the end of the year 9999, the last in RFC 3339.
	maxCreated = 253402300799
)

// String returns the cursor in a form that is opaque to clients. The encoded text begins with the version of the form.
func (c Cursor) String() string {
	order := "n"
	if c.OldestFirst {
		order = "o"
	}
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "1%s%d:%s", order, c.After.Created, c.After.Name))
}

// ParseCursor parses what String returned. It returns an error for any other text.
func ParseCursor(s string) (c Cursor, err error) {
	if len(s) > maxCursor {
		return c, errCursor
	}
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return c, errCursor
	}
	at, name, _ := strings.Cut(string(raw), ":")
	switch {
	case strings.HasPrefix(at, "1n"):
	case strings.HasPrefix(at, "1o"):
		c.OldestFirst = true
	default:
		return Cursor{}, errCursor
	}
	c.After.Name = name
	c.After.Created, err = strconv.ParseInt(at[2:], 10, 64)
	if err != nil || c.After.Created < 0 || c.After.Created > maxCreated ||
		len(validation.IsDNS1123Subdomain(name)) > 0 || c.String() != s { // a cursor has only one form
		return Cursor{}, errCursor
	}
	return c, nil
}
