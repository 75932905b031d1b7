// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package origin

import (
	"context"
	"errors"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func installed(at time.Time) (*admissionregistrationv1.ValidatingAdmissionPolicy, *admissionregistrationv1.ValidatingAdmissionPolicyBinding) {
	policy, binding := &admissionregistrationv1.ValidatingAdmissionPolicy{}, &admissionregistrationv1.ValidatingAdmissionPolicyBinding{}
	policy.Name, policy.CreationTimestamp = PolicyName, metav1.NewTime(at)
	policy.Spec.FailurePolicy = ptr.To(admissionregistrationv1.Fail)
	binding.Name, binding.CreationTimestamp = PolicyName, metav1.NewTime(at)
	binding.Spec.PolicyName, binding.Spec.ValidationActions = PolicyName, []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny}
	return policy, binding
}

// An origin is proven if the policy was in force when the object was created, and claimed otherwise.
func TestCase44OriginIsProvenByThePolicyOnly(t *testing.T) {
	type (
		policyOf  = admissionregistrationv1.ValidatingAdmissionPolicy
		bindingOf = admissionregistrationv1.ValidatingAdmissionPolicyBinding
	)
	for name, c := range map[string]struct {
		change  func(*policyOf, *bindingOf)
		created time.Duration // after the policy
		want    v1alpha1.Origin
	}{
		"in force":                    {nil, time.Minute, v1alpha1.OriginProven},
		"created before":              {nil, -time.Minute, v1alpha1.OriginClaimed},
		"created as it was installed": {nil, margin, v1alpha1.OriginClaimed},
		"bound later":                 {func(_ *policyOf, b *bindingOf) { b.CreationTimestamp = metav1.NewTime(noon.Add(time.Hour)) }, time.Minute, v1alpha1.OriginClaimed},
		"it only warns": {func(_ *policyOf, b *bindingOf) {
			b.Spec.ValidationActions = []admissionregistrationv1.ValidationAction{admissionregistrationv1.Warn}
		}, time.Minute, v1alpha1.OriginClaimed},
		"it holds in some places":        {func(_ *policyOf, b *bindingOf) { b.Spec.MatchResources = &admissionregistrationv1.MatchResources{} }, time.Minute, v1alpha1.OriginClaimed},
		"it lets pass what it can't see": {func(p *policyOf, _ *bindingOf) { p.Spec.FailurePolicy = ptr.To(admissionregistrationv1.Ignore) }, time.Minute, v1alpha1.OriginClaimed},
		"a binding of another policy":    {func(_ *policyOf, b *bindingOf) { b.Spec.PolicyName = "other" }, time.Minute, v1alpha1.OriginClaimed},
	} {
		policy, binding := installed(noon)
		if c.change != nil {
			c.change(policy, binding)
		}
		e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(noon.Add(c.created))}}
		if got := ProofOf(policy, binding).Judge(e); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(noon.Add(time.Hour))}}
	if got := ProofOf(nil, nil).Judge(e); got != v1alpha1.OriginClaimed {
		t.Errorf("without a policy: %s", got)
	}
	if got := (Proof{}).Judge(e); got != "" {
		t.Errorf("while it is not known: %s", got)
	}
	e.Annotations = map[string]string{v1alpha1.AnnotationUserClaimed: "true"}
	if got := ProofOf(installed(noon)).Judge(e); got != v1alpha1.OriginClaimed {
		t.Errorf("a user that a schedule claims: %s", got)
	}
}

func TestCase44WhatStatesAnOrigin(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*v1alpha1.TaskExecution)
		want   bool
	}{
		"nothing":        {func(*v1alpha1.TaskExecution) {}, false},
		"kubectl":        {func(e *v1alpha1.TaskExecution) { e.Spec.Trigger.Source = v1alpha1.TriggerKubectl }, false},
		"another source": {func(e *v1alpha1.TaskExecution) { e.Spec.Trigger.Source = v1alpha1.TriggerChange }, true},
		"a name":         {func(e *v1alpha1.TaskExecution) { e.Spec.Trigger.Name = "nightly" }, true},
		"a user":         {func(e *v1alpha1.TaskExecution) { e.Spec.Trigger.User = "ann" }, true},
		"a time":         {func(e *v1alpha1.TaskExecution) { e.Spec.Trigger.Time = &metav1.MicroTime{Time: noon} }, true},
		"a cluster":      {func(e *v1alpha1.TaskExecution) { e.Spec.Trigger.Cluster = "x" }, true},
		"a cancel":       {func(e *v1alpha1.TaskExecution) { e.Spec.Cancel = &v1alpha1.CancelRequest{Reason: "x"} }, false},
		"a requester":    {func(e *v1alpha1.TaskExecution) { e.Spec.Cancel = &v1alpha1.CancelRequest{RequestedBy: "ann"} }, true},
		"a mark":         {func(e *v1alpha1.TaskExecution) { e.Annotations = map[string]string{v1alpha1.AnnotationRerunOf: "x"} }, true},
		"a label":        {func(e *v1alpha1.TaskExecution) { e.Labels = map[string]string{v1alpha1.LabelSchedule: "x"} }, true},
		"a trace": {func(e *v1alpha1.TaskExecution) {
			e.Annotations = map[string]string{v1alpha1.AnnotationTraceparent: "x"}
		}, false},
		"a label of others": {func(e *v1alpha1.TaskExecution) { e.Labels = map[string]string{"app": "x"} }, false},
	} {
		e := &v1alpha1.TaskExecution{}
		if c.change(e); IsStated(e) != c.want {
			t.Errorf("%s: %t", name, IsStated(e))
		}
	}
}

// If the policy cannot be read now, the checker asks again. If it may not be read, nothing is proven. An answer is
// cached for a while.
func TestCheckerAsksForThePolicy(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	var refusal error
	reads := 0
	policy, binding := installed(noon)
	api := fake.NewClientBuilder().WithScheme(scheme).WithObjects(policy, binding).WithInterceptorFuncs(interceptor.Funcs{
		Get: func(ctx context.Context, api client.WithWatch, key client.ObjectKey, o client.Object, options ...client.GetOption) error {
			if reads++; refusal != nil {
				return refusal
			}
			return api.Get(ctx, key, o, options...)
		},
	}).Build()
	clock := clocktesting.NewFakePassiveClock(noon.Add(time.Hour))
	c := NewChecker(api, clock)
	since := noon.Add(margin)
	for _, step := range []struct {
		what    string
		refusal error
		later   time.Duration
		want    Proof
		reads   int
	}{
		{"it cannot be read", errors.New("away"), 0, Proof{}, 1},
		{"it can", nil, 0, Proof{Known: true, Since: since}, 2},
		{"it is known", errors.New("away"), lasts - 1, Proof{Known: true, Since: since}, 0},
		{"it may not be read any more", apierrors.NewForbidden(schema.GroupResource{}, PolicyName, nil), 1, Proof{Known: true}, 1},
	} {
		refusal, reads = step.refusal, 0
		clock.SetTime(clock.Now().Add(step.later))
		if got := c.Proof(t.Context()); got.Known != step.want.Known || !got.Since.Equal(step.want.Since) || reads != step.reads {
			t.Errorf("%s: %+v after %d reads", step.what, got, reads)
		}
	}
	if got := NewChecker(fake.NewClientBuilder().WithScheme(scheme).Build(), clock).Proof(t.Context()); got != (Proof{Known: true}) {
		t.Errorf("without a policy: %+v", got)
	}
}
