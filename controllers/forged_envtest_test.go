//go:build envtest

package controllers_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// A pod that says by its labels that it is of a run, and is not of the run's Job: it is neither mirrored nor ended, and its
// end is not the run's.
func TestCase53LabelledPodIsLeftAlone(t *testing.T) {
	operator(t)
	e, _, pod := running(t, nil)
	forged := pod.DeepCopy()
	forged.ObjectMeta = metav1.ObjectMeta{Namespace: pod.Namespace, Name: "forged", Labels: pod.Labels, Annotations: pod.Annotations}
	forged.Status = corev1.PodStatus{}
	create(t, forged)
	runs(t, forged)
	exits(t, forged, 7, "")
	cancel(t, e)
	told(t, pod, v1alpha1.ReasonCancelled)
	exits(t, pod, 143, "")
	reaches(t, e, v1alpha1.PhaseCancelled, v1alpha1.ReasonCancelled)
	if len(e.Status.Pods) != 1 || e.Status.Pods[0].UID != pod.UID || e.Status.Result != nil || ptr.Deref(e.Status.ExitCode, 0) != 143 {
		t.Errorf("the run took something from the forged pod: %+v", e.Status)
	}
	if read(t, forged); forged.Spec.ActiveDeadlineSeconds != nil || forged.DeletionTimestamp != nil || forged.Annotations[v1alpha1.AnnotationEnded] != "" {
		t.Errorf("the forged pod was ended: %+v", forged.ObjectMeta)
	}
}

// A Job that somebody made beforehand, with the right owner and without our label, is a conflict of names.
func TestCase54JobWithAForgedOwnerIsAConflict(t *testing.T) {
	ns := namespace(t)
	create(t, newTask(ns))
	e := newExecution(ns)
	create(t, e)
	forged := &batchv1.Job{ObjectMeta: objectNamed(ns, jobspec.JobName(e.Name, e.UID))}
	forged.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(e, v1alpha1.GroupVersion.WithKind("TaskExecution"))}
	forged.Spec.Template.Spec = corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{Name: "x", Image: "x"}}}
	create(t, forged)
	operator(t)
	reaches(t, e, v1alpha1.PhaseFailed, v1alpha1.ReasonNameConflict)
	if e.Status.Job != nil {
		t.Errorf("it was adopted: %+v", e.Status.Job)
	}
}
