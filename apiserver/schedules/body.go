// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/schedule"
)

// fields parses a body field by field and collects the problems.
type fields struct{ problems []web.FieldError }

func (f *fields) wrong(name, format string, args ...any) {
	f.problems = append(f.problems, web.FieldError{Pointer: "/" + name, Detail: fmt.Sprintf(format, args...)})
}

// problem returns all problems as one error, nil if there are none.
func (f *fields) problem() error {
	if len(f.problems) == 0 {
		return nil
	}
	answer := web.Problemf(http.StatusBadRequest, "the schedule is not valid: %s", f.said())
	answer.Errors = f.problems
	return answer
}

// said returns all problems in one line.
func (f *fields) said() string {
	parts := make([]string, len(f.problems))
	for i, p := range f.problems {
		parts[i] = p.Pointer + ": " + p.Detail
	}
	return strings.Join(parts, "; ")
}

// field parses a field that may be missing, and reports whether it is there.
func field[T any](f *fields, name string, raw json.RawMessage, want string) (value T, ok bool) {
	if !web.Given(raw) {
		return value, false
	}
	if err := json.Unmarshal(raw, &value); err != nil {
		f.wrong(name, "must be %s", want)
		return value, false
	}
	return value, true
}

func (f *fields) text(name string, raw json.RawMessage) string {
	value, _ := field[string](f, name, raw, "a string")
	return value
}

// duration parses milliseconds, from least to most.
func (f *fields) duration(name string, raw json.RawMessage, least, most time.Duration) *metav1.Duration {
	n, ok := field[int64](f, name, raw, "a whole number of milliseconds")
	if !ok {
		return nil
	}
	if n < least.Milliseconds() || n > most.Milliseconds() {
		f.wrong(name, "must be from %d to %d milliseconds, not %d", least.Milliseconds(), most.Milliseconds(), n)
		return nil
	}
	return &metav1.Duration{Duration: time.Duration(n) * time.Millisecond}
}

const (
	maxJitter   = 24 * time.Hour
	maxDuration = math.MaxInt64 / time.Millisecond * time.Millisecond
	maxCatchUp  = 100
)

// name parses the name of a new schedule.
func (f *fields) name(raw json.RawMessage) string {
	name := f.text("name", raw)
	if !web.Given(raw) || name == "" {
		if len(f.problems) == 0 {
			f.wrong("name", "is required")
		}
		return ""
	}
	if problems := validation.IsDNS1123Subdomain(name); len(problems) > 0 {
		f.wrong("name", "%s", strings.Join(problems, "; "))
	}
	return name
}

// spec parses all fields but the name. The caller checks the task and the params.
func (f *fields) spec(request *scheduleRequest) (spec v1alpha1.TaskScheduleSpec) {
	spec.TaskRef.Name = f.text("taskName", request.TaskName)
	if !web.Given(request.TaskName) || string(bytes.TrimSpace(request.TaskName)) == `""` {
		f.wrong("taskName", "is required")
	}
	if !web.Given(request.Schedule) {
		f.wrong("schedule", "is required: a cron expression, such as \"30 2 * * *\"")
	} else if text, ok := field[string](f, "schedule", request.Schedule, "a string"); ok {
		spec.Schedule = text
		if _, err := schedule.Parse(text); err != nil {
			f.wrong("schedule", "%v", err)
		}
	}
	spec.TimeZone = f.text("timeZone", request.TimeZone)
	if _, err := schedule.LoadZone(spec.TimeZone); err != nil {
		f.wrong("timeZone", "%v", err)
	}
	spec.Jitter = f.duration("jitter", request.Jitter, 0, maxJitter)
	spec.StartingDeadline = f.duration("startingDeadline", request.StartingDeadline, time.Second, maxDuration)
	spec.Timeout = f.duration("timeout", request.Timeout, time.Second, maxDuration)
	spec.CatchUpLimit = 1
	if n, ok := field[int32](f, "catchUpLimit", request.CatchUpLimit, "a whole number"); ok {
		if spec.CatchUpLimit = n; n < 1 || n > maxCatchUp {
			f.wrong("catchUpLimit", "must be from 1 to %d, not %d", maxCatchUp, n)
		}
	}
	if enabled, ok := field[bool](f, "enabled", request.Enabled, "true or false"); ok {
		spec.Suspend = !enabled
	}
	labels, problems := submit.ParseLabels(request.Labels)
	f.problems = append(f.problems, problems...)
	if len(problems) == 0 && len(labels) > 0 {
		spec.Labels = labels
	}
	if web.Given(request.Params) {
		spec.Params = &apiextensionsv1.JSON{Raw: bytes.TrimSpace(request.Params)}
	}
	return spec
}
