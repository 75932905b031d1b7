// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"net/url"

	"github.com/taskexec/taskexec/apiserver/runfilter"
)

// maxSelectors is how often a query may have the parameter label, and how often param.
const maxSelectors = 16

// selection is a filter with the texts of its labels and params, as the query has them.
type selection struct {
	runfilter.Filter
	labels, params []string
}

// label adds a condition on labels.
func (s *selection) label(text string) (want string) {
	parsed, err := runfilter.ParseLabels(text)
	if err != nil {
		return "a selector of labels such as team=billing, team, !team or team in (billing,sales): " + err.Error()
	}
	s.Labels, s.labels = append(s.Labels, parsed...), append(s.labels, text)
	return ""
}

// param adds a condition on a param.
func (s *selection) param(text string) (want string) {
	parsed, ok := runfilter.ParseParam(text)
	if !ok {
		return "NAME=VALUE, such as mid=123"
	}
	s.Params, s.params = append(s.Params, parsed), append(s.params, text)
	return ""
}

// repeat adds the conditions on labels and params to the query of the next page.
func (s *selection) repeat(values url.Values) {
	if len(s.labels) > 0 {
		values["label"] = s.labels
	}
	if len(s.params) > 0 {
		values["param"] = s.params
	}
}
