// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"context"
	"net/http"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/limit"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/params"
)

// validationPatience is how long a request waits for the validation of its params.
const validationPatience = 10 * time.Second

// ParamsValidator validates params. One validation can use a whole CPU until its budget is used up (package params). So
// each namespace has one validation at a time, and all together use half of the CPUs. The other half serves other
// requests. Namespaces take turns, because each has one place in the line.
type ParamsValidator struct {
	namespaces *limit.Semaphores
	cpus       chan struct{}
}

// NewParamsValidator returns a ParamsValidator for a program with the given number of CPUs.
func NewParamsValidator(cpus int) *ParamsValidator {
	return &ParamsValidator{namespaces: limit.NewSemaphores(1), cpus: make(chan struct{}, max(1, cpus/2))}
}

// Validate validates the params of a run of a task, or of a schedule. The error is the answer: 400 for the params, 409
// for the task, and 429 if too many requests of the namespace wait for validation.
func (v *ParamsValidator) Validate(ctx context.Context, task *v1alpha1.Task, given []byte) (params.Received, error) {
	turn, err := v.turn(ctx, task.Namespace)
	if err != nil {
		return params.Received{}, err
	}
	defer turn()
	return checkParams(task, given)
}

// turn waits for the turn of a namespace. done ends it.
func (v *ParamsValidator) turn(ctx context.Context, namespace string) (done func(), err error) {
	waiting, cancel := context.WithTimeout(ctx, validationPatience)
	defer cancel()
	leave, err := v.namespaces.Acquire(waiting, namespace)
	if err == nil {
		select {
		case v.cpus <- struct{}{}:
			return func() {
				<-v.cpus
				leave()
			}, nil
		case <-waiting.Done():
			leave()
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	p := web.Problemf(http.StatusTooManyRequests, "too many requests of the namespace %q wait for their params to be judged; try again", namespace)
	p.RetryAfter = 1
	return nil, p
}
