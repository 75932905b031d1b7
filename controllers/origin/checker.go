// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package origin

import (
	"context"
	"sync"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Checker finds out whether the policy is in force. It is safe for concurrent use.
type Checker struct {
	reader client.Reader
	clock  clock.PassiveClock

	mu    sync.Mutex
	proof Proof
	asked time.Time
}

// NewChecker returns a Checker that reads from the API server.
func NewChecker(reader client.Reader, clock clock.PassiveClock) *Checker {
	return &Checker{reader: reader, clock: clock}
}

// lasts is how long an answer is cached. A newly installed policy only proves objects that are created later, so
// learning of it late does no harm. A removed policy is no longer in force at once.
const lasts = 30 * time.Second

// Proof returns the current proof. If the controller may not read the policy, nothing is proven.
func (c *Checker) Proof(ctx context.Context) Proof {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock.Now()
	if c.proof.Known && now.Sub(c.asked) < lasts {
		return c.proof
	}
	policy, binding := &admissionregistrationv1.ValidatingAdmissionPolicy{}, &admissionregistrationv1.ValidatingAdmissionPolicyBinding{}
	for _, object := range []client.Object{policy, binding} {
		switch err := c.reader.Get(ctx, client.ObjectKey{Name: PolicyName}, object); {
		case err == nil:
		case apierrors.IsNotFound(err), apierrors.IsForbidden(err), apimeta.IsNoMatchError(err):
			return c.learned(Proof{Known: true}, now)
		default:
			ctrl.LoggerFrom(ctx).V(1).Info("Could not read the admission policy on origins", "policy", PolicyName, "cause", err.Error())
			return Proof{}
		}
	}
	return c.learned(ProofOf(policy, binding), now)
}

func (c *Checker) learned(proof Proof, now time.Time) Proof {
	c.proof, c.asked = proof, now
	return proof
}
