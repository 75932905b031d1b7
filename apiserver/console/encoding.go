// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"strconv"
	"strings"
)

// identity is the encoding of content that is not compressed.
const identity = "identity"

// preferred are the encodings of precompressed files, the smallest first.
var preferred = []string{"br", "gzip"}

// encodingFor returns the encoding in which a file is sent to a client with this Accept-Encoding (RFC 9110, 12.5.3). A
// client that refuses everything gets identity.
func encodingFor(f *file, accept string) string {
	accepted := acceptedBy(accept)
	for _, encoding := range preferred {
		if _, has := f.bodies[encoding]; has && accepted(encoding) {
			return encoding
		}
	}
	return identity
}

// acceptedBy returns a function that reports whether an Accept-Encoding accepts an encoding.
func acceptedBy(header string) func(encoding string) bool {
	weights := map[string]float64{}
	for item := range strings.SplitSeq(header, ",") {
		name, parameters, _ := strings.Cut(item, ";")
		weight := 1.0
		if _, value, given := strings.Cut(parameters, "="); given {
			parsed, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				parsed = 0
			}
			weight = parsed
		}
		weights[strings.ToLower(strings.TrimSpace(name))] = weight
	}
	return func(encoding string) bool {
		if weight, named := weights[encoding]; named {
			return weight > 0
		}
		return weights["*"] > 0
	}
}
