// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/taskexec/taskexec/controllers/bucket"
)

const (
	// OwnerRenew is how often an owner renews its claim.
	OwnerRenew = 5 * time.Minute
	// ownerLapse is how old a claim is that holds no longer. Both times are the store's, so clocks do not matter.
	ownerLapse = 3 * OwnerRenew
	// maxOwner bounds a claim in bytes.
	maxOwner = 4 << 10
)

// owner is the claim of a cluster to an identity.
type owner struct {
	// UID is that of the namespace kube-system of the cluster, which two clusters with one identity do not share.
	UID string `json:"uid"`
}

// ErrTaken means that another cluster with the same identity writes to the archive.
var ErrTaken = errors.New("another cluster with the same identity writes to this archive")

// Claim claims the identity for the cluster whose namespace kube-system has that UID, or renews the claim. It returns ErrTaken
// while another cluster holds one that it renewed within 15 minutes. A cluster that was built anew under its old identity
// therefore waits that long.
func (w *Writer) Claim(ctx context.Context, uid string) error {
	key := w.cluster.ownerKey()
	held, err := w.heldBy(ctx, key)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(owner{uid})
	if err != nil {
		return err
	}
	if held != "" && held != uid {
		lapsed, err := w.lapsed(ctx, key)
		if err != nil {
			return err
		}
		if !lapsed {
			return fmt.Errorf("%w: identity %s is claimed by the cluster whose namespace kube-system has the UID %s; give each cluster an identity of its own (--cluster-id), or stop the other controller and wait %s",
				ErrTaken, w.cluster, held, ownerLapse)
		}
	}
	if err := w.Replace(ctx, key, raw); err != nil {
		return &bucket.Error{Doing: "writing " + key + " to the archive", Err: err}
	}
	return nil
}

// heldBy returns the UID in the claim, empty if there is none.
func (w *Writer) heldBy(ctx context.Context, key string) (string, error) {
	raw, err := w.read(ctx, key, maxOwner)
	if bucket.IsMissing(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var o owner
	if err := json.Unmarshal(raw, &o); err != nil || o.UID == "" {
		return "", &bucket.Error{Doing: "reading " + key + " of the archive", Err: fmt.Errorf("%w: it is not a claim; remove it if no other cluster has this identity", bucket.ErrDamaged)}
	}
	return o.UID, nil
}

// lapsed reports whether a claim is old. It compares the times that the store gives to the claim and to an object written now.
func (w *Writer) lapsed(ctx context.Context, key string) (bool, error) {
	held, err := w.Attributes(ctx, key)
	if err != nil {
		return false, &bucket.Error{Doing: "reading " + key + " of the archive", Err: err}
	}
	probe := key + ".now"
	if err := w.Replace(ctx, probe, []byte("{}")); err != nil {
		return false, &bucket.Error{Doing: "writing " + probe + " to the archive", Err: err}
	}
	now, err := w.Attributes(ctx, probe)
	if err != nil {
		return false, &bucket.Error{Doing: "reading " + probe + " of the archive", Err: err}
	}
	return now.ModTime.Sub(held.ModTime) > ownerLapse, nil
}
