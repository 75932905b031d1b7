// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

const (
	// maxObject is etcd's limit for an object, in bytes (etcd's --max-request-bytes).
	maxObject = 1536 << 10
	// roomForOthers is the part of it for what Kubernetes adds: defaults, status, owner, finalizers.
	roomForOthers = 128 << 10
	// bytesOfAField is the size of a variable's entry in managedFields besides its name: who set the variable, its name
	// and value.
	bytesOfAField = 64
)

// checkSize refuses a Job that the API server could not store. Each container has all params in its environment, most
// of them twice (TASK_PARAMS and TASK_PARAM_<NAME>), so a Job with many containers is several times as large as its
// params. The API server's own message would not mention params.
func checkSize(job *batchv1.Job, params int) error {
	size, containers := sizeOf(job)
	if size <= maxObject-roomForOthers {
		return nil
	}
	return fmt.Errorf("the job would be %d bytes, and the API server keeps %d at most: each of its %d containers has the params (%d bytes of JSON) in its environment, in TASK_PARAMS and again in TASK_PARAM_<NAME>; send less, or put the data where all containers can read it and send its address",
		size, maxObject-roomForOthers, containers, params)
}

// sizeOf returns the size of a Job in etcd, in bytes.
func sizeOf(job *batchv1.Job) (size, containers int) {
	size = job.Size()
	pod := &job.Spec.Template.Spec
	for _, list := range [][]corev1.Container{pod.InitContainers, pod.Containers} {
		containers += len(list)
		for i := range list {
			for j := range list[i].Env {
				size += len(list[i].Env[j].Name) + bytesOfAField
			}
		}
	}
	return size, containers
}
