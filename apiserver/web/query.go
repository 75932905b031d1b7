// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// DefaultPage and MaxPage are how many entries a page has by default and at most.
const (
	DefaultPage = 100
	MaxPage     = 1000
)

// Parameters has a parser for each parameter of a query. A parser sets a field of Q, or returns what values it accepts.
type Parameters[Q any] map[string]func(q *Q, value string) (want string)

// Read parses a request's query. An unknown or repeated parameter is an error, so that a misspelled parameter is not
// ignored.
func (p Parameters[Q]) Read(r *http.Request, q *Q) error { return p.ReadRepeated(r, q, 1) }

// ReadRepeated is Read for a query in which the named parameters may be given several times, up to most times each. Their
// parsers are called once for each value.
func (p Parameters[Q]) ReadRepeated(r *http.Request, q *Q, most int, repeated ...string) error {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return Problemf(http.StatusBadRequest, "the query is not valid: %v", err)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		read, known := p[name]
		given := values[name]
		switch {
		case !known:
			return Problemf(http.StatusBadRequest, "the parameter %q is unknown; %s", name, p.known())
		case slices.Contains(repeated, name) && len(given) > most:
			return Problemf(http.StatusBadRequest, "the parameter %s is given %d times, more than %d", name, len(given), most)
		case !slices.Contains(repeated, name) && len(given) != 1:
			return Problemf(http.StatusBadRequest, "the parameter %s is given %d times", name, len(given))
		}
		for _, value := range given {
			if want := read(q, value); want != "" {
				return Problemf(http.StatusBadRequest, "the parameter %s is %q, want %s", name, value, want)
			}
		}
	}
	return nil
}

func (p Parameters[Q]) known() string {
	names := slices.Sorted(maps.Keys(p))
	switch len(names) {
	case 0:
		return "there are no parameters"
	case 1:
		return "the only parameter is " + names[0]
	}
	return "there are " + strings.Join(names, ", ")
}

// onlyDryRun parses the query of operations whose only parameter is dryRun.
var onlyDryRun = Parameters[bool]{"dryRun": Boolean}

// OnlyDryRunOf reads a query whose only parameter is dryRun.
func OnlyDryRunOf(r *http.Request) (dryRun bool, err error) {
	err = onlyDryRun.Read(r, &dryRun)
	return dryRun, err
}

// Number reads a whole number from 1 to most.
func Number(to *int, value string, most int) (want string) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > most {
		return "a whole number from 1 to " + strconv.Itoa(most)
	}
	*to = n
	return ""
}

// Boolean reads true or false.
func Boolean(to *bool, value string) (want string) {
	if value != "true" && value != "false" {
		return "true or false"
	}
	*to = value == "true"
	return ""
}

// NameOf reads the name of a Kubernetes object.
func NameOf(to *string, value, want string) string {
	if *to = value; len(validation.IsDNS1123Subdomain(value)) > 0 {
		return want
	}
	return ""
}

// Words parses a comma-separated list of known words.
func Words[T ~string](to *[]T, value string, known []string) (want string) {
	for word := range strings.SplitSeq(value, ",") {
		if !slices.Contains(known, word) || slices.Contains(*to, T(word)) {
			return "one or more, each once and separated by commas, of " + strings.Join(known, ", ")
		}
		*to = append(*to, T(word))
	}
	return ""
}

// YesOrNo reads true or false and keeps the word, so that a missing parameter differs from false.
func YesOrNo(to *string, value string) (want string) {
	var yes bool
	want = Boolean(&yes, value)
	*to = value
	return want
}
