// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package records

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
)

// root is the folder of everything that is not a log. No namespace can have its name, so no log is there.
const root = ".taskexec/"

// Cluster is the identity of a cluster. It is part of keys.
type Cluster string

// Validate returns an error if an identity cannot be part of a key.
func (c Cluster) Validate() error {
	if problems := validation.IsDNS1123Subdomain(string(c)); len(problems) > 0 {
		return fmt.Errorf("the identity of the cluster is %q, want the UID of its namespace kube-system, or lower-case letters, digits, - and . (at most 253)", string(c))
	}
	return nil
}

func (c Cluster) folder() string { return root + string(c) + "/" }

func (c Cluster) ownerKey() string { return c.folder() + "owner.json" }

// runsFolder has the records of all runs that had a name.
func (c Cluster) runsFolder(namespace, name string) string {
	return c.folder() + "runs/" + namespace + "/" + name + "/"
}

func (c Cluster) recordKey(namespace, name string, uid types.UID) string {
	return c.runsFolder(namespace, name) + string(uid) + ".json"
}

func (c Cluster) historyFolder(namespace string) string {
	return c.folder() + "history/" + namespace + "/"
}

const (
	stampOf  = "2006-01-02T150405"
	endStamp = "150405"
)

// Segment names one segment. Its key says which runs it can have, so that a reader opens only what it needs.
type Segment struct {
	Key string
	// First and Last are the earliest and the latest creation time of its runs, in whole seconds of one day (UTC).
	First, Last time.Time
	// Rows is how many rows it has.
	Rows int
	// Size is the size of the object in bytes, or 0 if it is not known.
	Size int64
}

// Day returns the beginning of the day (UTC) of a time.
func Day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// segmentKey returns a key that no other segment has.
func (c Cluster) segmentKey(namespace string, first, last time.Time, rows int) string {
	return fmt.Sprintf("%s%s-%s-%d-%s.parquet", c.historyFolder(namespace), first.UTC().Format(stampOf), last.UTC().Format(endStamp), rows, strings.ToLower(rand.Text()[:12]))
}

var errNoSegment = errors.New("not the key of a segment")

// parseSegment reads a key.
func (c Cluster) parseSegment(namespace, key string) (Segment, error) {
	name, ours := strings.CutPrefix(key, c.historyFolder(namespace))
	name, parquet := strings.CutSuffix(name, ".parquet")
	if !ours || !parquet || len(name) < len(stampOf)+1 {
		return Segment{}, errNoSegment
	}
	first, err := time.Parse(stampOf, name[:len(stampOf)])
	if err != nil {
		return Segment{}, errNoSegment
	}
	parts := strings.Split(name[len(stampOf):], "-") // "", end, rows, id
	if len(parts) != 4 || parts[0] != "" || parts[3] == "" {
		return Segment{}, errNoSegment
	}
	end, err := time.Parse(endStamp, parts[1])
	if err != nil {
		return Segment{}, errNoSegment
	}
	rows, err := strconv.Atoi(parts[2])
	if err != nil || rows < 1 {
		return Segment{}, errNoSegment
	}
	last := Day(first).Add(time.Duration(end.Hour())*time.Hour + time.Duration(end.Minute())*time.Minute + time.Duration(end.Second())*time.Second)
	if last.Before(first) {
		return Segment{}, errNoSegment
	}
	return Segment{Key: key, First: first, Last: last, Rows: rows}, nil
}
