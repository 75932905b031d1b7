// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import "math"

const (
	// quantityPattern matches what resource.ParseQuantity accepts. controller-gen's own pattern accepts fractions as
	// exponents, which nothing decodes. It also accepts exponents and numbers of any length, which take hours to
	// compute.
	quantityPattern = `^[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?$`
	// timePattern matches RFC 3339 as time.Parse accepts it. The format date-time also accepts small letters and any
	// offset.
	timePattern = `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`
)

// tighten makes each schema below a node refuse what Go's types cannot decode, because nobody can use a stored object
// that does not decode. It does not change what markers in the API's types set.
func tighten(node any) {
	switch n := node.(type) {
	case map[string]any:
		switch {
		case n["x-kubernetes-int-or-string"] == true && n["pattern"] != nil: // resource.Quantity
			n["pattern"] = quantityPattern
		case n["x-kubernetes-int-or-string"] == true: // intstr.IntOrString; its integer has 32 bits
			n["minimum"], n["maximum"] = math.MinInt32, math.MaxInt32
		case n["format"] == "date-time" && n["pattern"] == nil: // metav1.Time
			n["pattern"] = timePattern
		}
		for _, child := range n {
			tighten(child)
		}
	case []any:
		for _, child := range n {
			tighten(child)
		}
	}
}
