// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// label marks the objects of one benchmark. Its value is the Task's name.
const label = "taskexec.dev/bench"

// script prints numbered lines from a start time on, in seconds since 1970. It starts no process for a line: it
// pauses by reading a pipe to which nobody writes. A run that starts too late says so and prints at once.
const script = `mkfifo /tick && exec 3<>/tick
wait=$((TASK_PARAM_BEGIN - $(date +%%s)))
if [ $wait -gt 0 ]; then read -t $wait -u 3 _tick; else echo "late by $((-wait)) s"; fi
i=0
while [ $i -lt %d ]; do printf '%%07d %s\n' $i; i=$((i+1)); read -t %.4f -u 3 _tick; done
exit 0
`

// lateLine is the prefix of the line that says so.
const lateLine = "late by "

func (o *options) lines() int { return int(o.duration.Seconds() * float64(o.rate)) }

func (o *options) interval() time.Duration { return time.Second / time.Duration(o.rate) }

// task returns the Task of all runs. The runs are created by the benchmark, so that no retention limit deletes them.
func (o *options) task(name string) *v1alpha1.Task {
	task := &v1alpha1.Task{ObjectMeta: metav1.ObjectMeta{Namespace: o.namespace, Name: name, Labels: map[string]string{label: name}}}
	task.Spec.JobTemplate.Spec.Template.Spec = corev1.PodSpec{
		TerminationGracePeriodSeconds: ptr.To[int64](1),
		AutomountServiceAccountToken:  ptr.To(false),
		Containers: []corev1.Container{{
			Name:            "main",
			Image:           o.image,
			ImagePullPolicy: corev1.PullIfNotPresent,
			Command:         []string{"sh", "-c", fmt.Sprintf(script, o.lines(), strings.Repeat("x", o.lineBytes-len("0000000 \n")), o.interval().Seconds())},
		}},
	}
	return task
}

// execution returns execution number i, which prints from begin on.
func (o *options) execution(task string, i int, begin time.Time) *v1alpha1.TaskExecution {
	execution := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{
		Namespace: o.namespace, Name: fmt.Sprintf("%s-%03d", task, i), Labels: map[string]string{label: task},
	}}
	execution.Spec.TaskRef.Name = task
	execution.Spec.Params = &apiextensionsv1.JSON{Raw: fmt.Appendf(nil, `{"begin":%d}`, begin.Unix())}
	return execution
}

// numberOf returns the number of a line of the script.
func numberOf(line string) (int, bool) {
	head, rest, ok := strings.Cut(line, " ")
	if !ok || len(head) != 7 || !strings.HasPrefix(rest, "x") {
		return 0, false
	}
	n, err := strconv.Atoi(head)
	return n, err == nil
}
