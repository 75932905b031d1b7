package history

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Position of an execution in the order of creation. Neither part ever changes, so that a position keeps its meaning
// when runs are added and removed, also its own, and in any process.
type Position struct {
	// Created in seconds since 1970: the API server keeps no more.
	Created int64
	// Name tells those of one second apart.
	Name string
}

// compare sorts the newest first, and those of one second by name.
func (p Position) compare(q Position) int {
	if c := cmp.Compare(q.Created, p.Created); c != 0 {
		return c
	}
	return cmp.Compare(p.Name, q.Name)
}

// Cursor says where a list goes on, and in which order it was.
type Cursor struct {
	After       Position
	OldestFirst bool
}

// errCursor: no cursor of ours looks like this.
var errCursor = errors.New("not a cursor of this API")

const (
	// maxCursor in bytes: a name has at most 253.
	maxCursor = 512
	// maxCreated is the end of the year 9999, the last that RFC 3339 can say.
	maxCreated = 253402300799
)

// String is opaque to clients. Its first character is the version of what follows.
func (c Cursor) String() string {
	order := "n"
	if c.OldestFirst {
		order = "o"
	}
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "1%s%d:%s", order, c.After.Created, c.After.Name))
}

// ParseCursor reads what String gave. The error says no more than that it was something else.
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
		len(validation.IsDNS1123Subdomain(name)) > 0 || c.String() != s { // one position has one spelling
		return Cursor{}, errCursor
	}
	return c, nil
}
