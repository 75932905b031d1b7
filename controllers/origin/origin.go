// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package origin says whether the stated origin of a TaskExecution or a TaskSchedule is proven: what created it, who
// asked for it, who cancelled it. Anybody who may create these objects can write anything there. It is proven only if
// the admission policy on origins (config/admission/origin_policy.yaml) was in force when the object was created,
// because then only Taskexec's own accounts could state it.
package origin

import (
	"slices"
	"strings"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// PolicyName is the name of the policy and of its binding.
const PolicyName = "taskexec-origin"

// margin is how long after its creation a policy may not yet be in force on every API server, because API servers learn
// of it by a watch.
const margin = 10 * time.Second

// Proof says since when origins are proven.
type Proof struct {
	// Known is false while it could not be determined.
	Known bool
	// Since is when the policy came into force, or zero if it is not in force.
	Since time.Time
}

// ProofOf reads the policy and its binding. Either is nil if it does not exist.
func ProofOf(policy *admissionregistrationv1.ValidatingAdmissionPolicy, binding *admissionregistrationv1.ValidatingAdmissionPolicyBinding) Proof {
	if policy == nil || binding == nil || binding.Spec.PolicyName != policy.Name || binding.Spec.MatchResources != nil ||
		!slices.Contains(binding.Spec.ValidationActions, admissionregistrationv1.Deny) ||
		policy.Spec.FailurePolicy != nil && *policy.Spec.FailurePolicy != admissionregistrationv1.Fail {
		return Proof{Known: true}
	}
	since := policy.CreationTimestamp.Time
	if bound := binding.CreationTimestamp.Time; bound.After(since) {
		since = bound
	}
	return Proof{Known: true, Since: since.Add(margin)}
}

// Judge returns whether the stated origin of an object is proven. It returns nothing while that is unknown.
func (p Proof) Judge(object metav1.Object) v1alpha1.Origin {
	switch {
	case !p.Known:
		return ""
	case p.Since.IsZero() || !object.GetCreationTimestamp().After(p.Since) || object.GetAnnotations()[v1alpha1.AnnotationUserClaimed] != "":
		return v1alpha1.OriginClaimed
	default:
		return v1alpha1.OriginProven
	}
}

// IsStated reports whether an execution claims an origin. The source kubectl is not a claim: it only says that somebody
// wrote the object.
func IsStated(e *v1alpha1.TaskExecution) bool {
	trigger, cancel := e.Spec.Trigger, e.Spec.Cancel
	return trigger.Source != "" && trigger.Source != v1alpha1.TriggerKubectl || trigger.Name != "" || trigger.User != "" ||
		trigger.Time != nil || trigger.Cluster != "" ||
		cancel != nil && cancel.RequestedBy != "" || hasMarks(e)
}

// IsAuthorStated reports whether a schedule states who created or changed it.
func IsAuthorStated(s *v1alpha1.TaskSchedule) bool {
	return s.Annotations[v1alpha1.AnnotationCreatedBy] != "" || s.Annotations[v1alpha1.AnnotationChangedBy] != ""
}

// hasMarks reports whether an execution has a label or annotation that Taskexec trusts. A trace is only a hint.
func hasMarks(e *v1alpha1.TaskExecution) bool {
	for _, marks := range []map[string]string{e.Labels, e.Annotations} {
		for key := range marks {
			if strings.HasPrefix(key, v1alpha1.GroupVersion.Group+"/") && key != v1alpha1.AnnotationTraceparent {
				return true
			}
		}
	}
	return false
}
