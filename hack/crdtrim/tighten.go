// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import "math"

const (
	// quantityPattern is what resource.ParseQuantity takes. controller-gen's own pattern takes fractions as exponents,
	// which nothing decodes, and exponents and numbers of any length, which take hours to compute.
	quantityPattern = `^[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?$`
	// timePattern is RFC 3339 as time.Parse takes it. The format date-time takes small letters and any offset.
	timePattern = `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`
)

// tighten makes each schema below a node refuse what Go's types do not decode, because nobody can use a stored object that does not
// decode. It does not change what a marker in the API's types sets.
func tighten(node any) {
	switch n := node.(type) {
	case map[string]any:
		switch {
		case n["x-kubernetes-int-or-string"] == true && n["pattern"] != nil: // resource.Quantity
			n["pattern"] = quantityPattern
		case n["x-kubernetes-int-or-string"] == true: // intstr.IntOrString, whose integer has 32 bits
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
