// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runfilter

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/labels"
)

// MaxLabelText is the longest text that ParseLabels accepts, in bytes.
const MaxLabelText = 4096

// ParseLabels parses a selector of Kubernetes, such as team=billing, team!=billing, team, !team or "team in (a, b)".
// Several are separated by commas, and all must hold. It returns an error for an empty text, because that would select
// everything.
func ParseLabels(text string) (labels.Requirements, error) {
	if len(text) > MaxLabelText {
		return nil, fmt.Errorf("it has more than %d bytes", MaxLabelText)
	}
	selector, err := labels.Parse(text)
	if err != nil {
		return nil, err
	}
	all, _ := selector.Requirements()
	if len(all) == 0 {
		return nil, errors.New("it is empty")
	}
	return all, nil
}
