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

// judgePatience is how long a request waits for its params to be judged.
const judgePatience = 10 * time.Second

// Judges validate params. One validation can use a whole CPU until its budget is used up (package params). So each
// namespace has one validation at a time, and all together use half of the CPUs. The other half serves other requests.
// Namespaces take turns, because each has one place in the line.
type Judges struct {
	namespaces *limit.Turns
	cpus       chan struct{}
}

// NewJudges returns Judges for a program with the given number of CPUs.
func NewJudges(cpus int) *Judges {
	return &Judges{namespaces: limit.NewTurns(1), cpus: make(chan struct{}, max(1, cpus/2))}
}

// Params validates the params of a run of a task, or of a schedule. The error is the answer: 400 for the params, 409
// for the task, and 429 if too many requests of the namespace wait for validation.
func (j *Judges) Params(ctx context.Context, task *v1alpha1.Task, given []byte) (params.Received, error) {
	turn, err := j.turn(ctx, task.Namespace)
	if err != nil {
		return params.Received{}, err
	}
	defer turn()
	return checkParams(task, given)
}

// turn waits for the turn of a namespace. done ends it.
func (j *Judges) turn(ctx context.Context, namespace string) (done func(), err error) {
	waiting, cancel := context.WithTimeout(ctx, judgePatience)
	defer cancel()
	leave, err := j.namespaces.Take(waiting, namespace)
	if err == nil {
		select {
		case j.cpus <- struct{}{}:
			return func() {
				<-j.cpus
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
