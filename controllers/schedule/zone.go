// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // images may lack the IANA database, and this one is the same everywhere
)

// LoadZone returns a time zone by its IANA name. No name means UTC. It returns an error for names that are not in the
// database, and for "Local", which would depend on the machine.
func LoadZone(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	if strings.EqualFold(name, "Local") {
		return nil, fmt.Errorf("the time zone %q depends on where the controller runs: name the zone, such as Asia/Shanghai", name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("there is no time zone %q in the IANA database; a name such as Asia/Shanghai is wanted", name)
	}
	return zone, nil
}

// span is a period in which a zone's clocks go on evenly.
type span struct {
	// start is its first second, and end the one after its last, in seconds since 1970. They are far away if there is
	// no start or end.
	start, end int64
	// offset is wall clock time minus UTC, in seconds.
	offset int64
}

const (
	longAgo = -1 << 55
	farAway = 1 << 55
)

// spanAt returns the span of an instant, and its wall clock time.
func spanAt(unix int64, zone *time.Location) (span, wall) {
	t := time.Unix(unix, 0).In(zone)
	_, offset := t.Zone()
	s := span{start: longAgo, end: farAway, offset: int64(offset)}
	start, end := t.ZoneBounds()
	if !start.IsZero() {
		s.start = start.Unix()
	}
	if !end.IsZero() {
		s.end = end.Unix()
	}
	return s, wall(unix + s.offset)
}

// maxOffset is more than the offset of any zone, in seconds.
const maxOffset = 26 * 60 * 60

// instantOf returns the first instant at which the clocks of a zone show w. If they skip w, it returns the instant at
// which they go forward over it. It never falls when w rises.
func instantOf(w wall, zone *time.Location) int64 {
	probe := int64(w) - maxOffset
	for {
		s, _ := spanAt(probe, zone)
		switch instant := int64(w) - s.offset; {
		case instant < s.start:
			return s.start
		case instant < s.end:
			return instant
		}
		probe = s.end
	}
}

// reached returns the last moment of wall clock time whose instantOf is not after unix.
func reached(unix int64, zone *time.Location) wall {
	s, w := spanAt(unix, zone)
	if s.start == longAgo {
		return w
	}
	// Clocks that went back show the same times again for a while.
	before, _ := spanAt(s.start-1, zone)
	return max(w, wall(s.start-1+before.offset))
}
