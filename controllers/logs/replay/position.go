// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"time"

	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/dedup"
)

// Position is a place in a log, after a line. It does not depend on the source: it says how many lines there are since
// a second, and the hash of the last of them. The zero value is the beginning. A position with nothing but a stream is the
// beginning of that stream.
type Position struct {
	// Stream is a hash of the container run's identity.
	Stream uint64
	// Since is in seconds of Unix time.
	Since int64
	// Seen counts the lines from Since on.
	Seen uint64
	// At is the timestamp of the last line in nanoseconds, and Hash is the hash of that line.
	At   int64
	Hash uint32
}

// positionVersion is the first byte of a position's text.
const positionVersion = 1

// ErrPosition means that a text is not a position.
var ErrPosition = errors.New("not a cursor of this API")

// String returns the position as text for the REST API's cursor. It is empty for the beginning.
func (p Position) String() string {
	if p == (Position{}) {
		return ""
	}
	b := []byte{positionVersion}
	b = binary.BigEndian.AppendUint64(b, p.Stream)
	b = binary.AppendVarint(b, p.Since)
	b = binary.AppendUvarint(b, p.Seen)
	b = binary.AppendVarint(b, p.At)
	b = binary.BigEndian.AppendUint32(b, p.Hash)
	return base64.RawURLEncoding.EncodeToString(b)
}

// ParsePosition parses the result of String. Its error is ErrPosition.
func ParsePosition(token string) (p Position, err error) {
	if token == "" {
		return p, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) < 1+8 || b[0] != positionVersion {
		return Position{}, ErrPosition
	}
	p.Stream, b = binary.BigEndian.Uint64(b[1:]), b[9:]
	var n [3]int
	p.Since, n[0] = binary.Varint(b)
	if n[0] > 0 {
		p.Seen, n[1] = binary.Uvarint(b[n[0]:])
	}
	if n[1] > 0 {
		p.At, n[2] = binary.Varint(b[n[0]+n[1]:])
	}
	rest := n[0] + n[1] + n[2]
	if n[0] <= 0 || n[1] <= 0 || n[2] <= 0 || len(b) != rest+4 || p.Since < 0 || p.Since > math.MaxInt64/int64(time.Second) {
		return Position{}, ErrPosition
	}
	p.Hash = binary.BigEndian.Uint32(b[rest:])
	if p.Seen == 0 && p != (Position{Stream: p.Stream}) { // only the beginning of a stream comes after no line
		return Position{}, ErrPosition
	}
	if p.String() != token { // a number has more bytes than necessary
		return Position{}, ErrPosition
	}
	return p, nil
}

func (p Position) since() time.Time { return time.Unix(p.Since, 0).UTC() }

func streamHash(id archive.StreamID) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%s/%s/%d/%s", id.PodUID, id.Container, id.Restart, id.ContainerID)
	return h.Sum64()
}

func lineHash(at time.Time, head []byte) uint32 {
	h := fnv.New32a()
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(at.UnixNano())))
	_, _ = h.Write(head)
	return h.Sum32()
}

// counter counts the position after each line of a stream.
type counter struct {
	position Position
	newest   time.Time
	// seconds counts lines by second, up to the maximum of a position.
	seconds map[int64]uint64
}

// newCounter returns a counter of the lines of a stream from a second on.
func newCounter(stream uint64, from int64) *counter {
	return &counter{position: Position{Stream: stream, Since: from}, seconds: map[int64]uint64{}}
}

// pass counts a line, in the order of the log.
func (c *counter) pass(at time.Time, head []byte) {
	if at.After(c.newest) || len(c.seconds) == 0 {
		c.newest = at
		c.position.Since = max(c.position.Since, dedup.ResumeFrom(at).Unix(), 0)
		for second := range c.seconds {
			if second < c.position.Since {
				delete(c.seconds, second)
			}
		}
	}
	if second := at.Unix(); second >= c.position.Since {
		c.seconds[second]++
	}
	c.position.Seen = 0
	for _, n := range c.seconds {
		c.position.Seen += n
	}
	c.position.At, c.position.Hash = at.UnixNano(), lineHash(at, head)
}
