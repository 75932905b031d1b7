// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"fmt"
	"io"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Samples are the parsed metrics of a program.
type Samples map[string]*dto.MetricFamily

// Labels are labels that a sample must have.
type Labels map[string]string

// ParseMetrics parses the text of /metrics.
func ParseMetrics(text io.Reader) (Samples, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(text)
	if err != nil {
		return nil, fmt.Errorf("reading metrics: %w", err)
	}
	return families, nil
}

// Sum adds up the samples of a counter or gauge that have all these labels.
func (s Samples) Sum(name string, labels Labels) (total float64) {
	s.Each(name, func(found Labels, value float64) {
		for label, want := range labels {
			if found[label] != want {
				return
			}
		}
		total += value
	})
	return total
}

// Each calls f for every sample of a counter or gauge.
func (s Samples) Each(name string, f func(Labels, float64)) {
	for _, metric := range s[name].GetMetric() {
		labels := Labels{}
		for _, pair := range metric.GetLabel() {
			labels[pair.GetName()] = pair.GetValue()
		}
		f(labels, metric.GetCounter().GetValue()+metric.GetGauge().GetValue()+metric.GetUntyped().GetValue())
	}
}
