// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskexecution

import (
	"context"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobseal"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/queue"
)

// seedPage is how many Jobs are listed at once, with their metadata only.
const seedPage = 500

// seed tells the ledger what was active before this process, before the first limited place is granted. It lists the
// Jobs from the API server once, because a cache may lack a Job that was created right before a crash. The ledger has
// all executions by then, because no controller starts before its caches are filled.
func (r *Reconciler) seed(ctx context.Context, rules queue.Rules) error {
	r.seeding.Lock()
	defer r.seeding.Unlock()
	if !r.Queue.NeedsSeed(rules) {
		return nil
	}
	found, err := r.foundJobs(ctx)
	if err != nil {
		return fmt.Errorf("finding the jobs that exist: %w", err)
	}
	pods, err := r.foundPods(ctx)
	if err != nil {
		return fmt.Errorf("finding the pods that run: %w", err)
	}
	r.wakeAll(r.Queue.Seed(append(found, pods...)))
	return nil
}

// foundJobs returns the Jobs of executions that have not ended or are gone, if the controller is proven to have created
// them. If the controller works in named namespaces, it lists each of them, because it has no right to list all.
func (r *Reconciler) foundJobs(ctx context.Context) (found []queue.Found, err error) {
	seals, err := r.Seals.Known(ctx)
	if err != nil {
		return nil, err
	}
	namespaces := r.Namespaces
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	for _, namespace := range namespaces {
		in, err := r.foundJobsIn(ctx, namespace, seals)
		if err != nil {
			return nil, err
		}
		found = append(found, in...)
	}
	return found, nil
}

func (r *Reconciler) foundJobsIn(ctx context.Context, namespace string, seals jobseal.Keys) (found []queue.Found, err error) {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(batchv1.SchemeGroupVersion.WithKind("JobList"))
	for {
		if err := r.Live.List(ctx, list, client.InNamespace(namespace), client.HasLabels{v1alpha1.LabelExecutionUID},
			client.Limit(seedPage), client.Continue(list.Continue)); err != nil {
			return nil, err
		}
		for i := range list.Items {
			f := foundOf(&list.Items[i])
			if job := &list.Items[i]; !jobspec.IsJobOf(job, f.UID) || !seals.Made(job, f.UID) {
				continue // it is foreign and takes no place
			}
			gone := false
			if !r.Queue.Knows(f.UID) {
				if gone, err = r.isGone(ctx, f); err != nil {
					return nil, err
				}
				if !gone {
					continue // it has ended
				}
			}
			found = append(found, f)
		}
		if list.Continue == "" {
			return found, nil
		}
	}
}

// foundPods returns the pods that may still run of executions that have ended or are gone.
func (r *Reconciler) foundPods(ctx context.Context) (found []queue.Found, err error) {
	list := &corev1.PodList{}
	if err := r.Client.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	for i := range list.Items {
		pod := &list.Items[i]
		if f := foundOf(pod); f.Key.Name != "" && jobspec.IsPodOfAJob(pod) && lifecycle.PodMayRun(pod) && !r.Queue.Knows(f.UID) {
			found = append(found, f)
		}
	}
	return found, nil
}

func (r *Reconciler) isGone(ctx context.Context, f queue.Found) (bool, error) {
	execution := &v1alpha1.TaskExecution{}
	err := r.Client.Get(ctx, f.Key, execution)
	if apierrors.IsNotFound(err) {
		return true, nil
	}
	return execution.UID != f.UID, err
}

func foundOf(o client.Object) queue.Found {
	return queue.Found{
		Key:  types.NamespacedName{Namespace: o.GetNamespace(), Name: o.GetAnnotations()[v1alpha1.AnnotationExecution]},
		UID:  types.UID(o.GetLabels()[v1alpha1.LabelExecutionUID]),
		Task: o.GetLabels()[v1alpha1.LabelTask],
	}
}
