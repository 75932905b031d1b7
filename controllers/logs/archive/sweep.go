// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gocloud.dev/blob"
	"k8s.io/apimachinery/pkg/types"
)

// maxSwept bounds how many archives one sweep removes, and so its memory. The next sweep removes the rest.
const maxSwept = 10_000

// Delete removes an execution's archive. It removes the index last, so that a sweep finds what a failed attempt left.
func (r *Reader) Delete(ctx context.Context, e Execution) error {
	err := r.List(ctx, e.prefix(), "", func(object *blob.ListObject) error {
		if object.Key == e.indexKey() {
			return nil
		}
		return r.Remove(ctx, object.Key)
	})
	if err != nil {
		return fmt.Errorf("removing the archive of execution %s/%s: %w", e.Namespace, e.Name, err)
	}
	return r.Remove(ctx, e.indexKey())
}

// ErrForeign means that another cluster keeps archives in the bucket, or may do so.
var ErrForeign = errors.New("the bucket has archives that may belong to another cluster")

// Sweep removes archives that have not changed since before and for which keep returns false. keep reports whether an
// execution exists in this cluster. If it returns an error, the archive is kept.
//
// Sweep removes only archives whose index names this cluster. It reads all indexes first. If an index names another
// cluster, or names none and its execution does not exist here, Sweep removes nothing and returns ErrForeign.
func (r *Reader) Sweep(ctx context.Context, cluster string, keep func(context.Context, Execution) (bool, error), before time.Time) (removed int, err error) {
	if cluster == "" {
		return 0, errors.New("the identity of this cluster is not known, so no archive is known to belong to it")
	}
	s := &sweep{Reader: r, cluster: cluster, keep: keep, before: before}
	err = r.folders(ctx, "", func(namespace string) error {
		return r.folders(ctx, namespace, func(folder string) error { return s.judge(ctx, folder) })
	})
	if err != nil {
		return 0, err
	}
	errs := s.errs
	for _, e := range s.gone {
		if err := r.Delete(ctx, e); err != nil {
			errs = append(errs, err)
			continue
		}
		removed++
	}
	return removed, errors.Join(errs...)
}

// sweep is the state of one Sweep.
type sweep struct {
	*Reader
	cluster string
	keep    func(context.Context, Execution) (bool, error)
	before  time.Time
	// gone are this cluster's executions that no longer exist.
	gone []Execution
	// errs are the errors of archives that could not be judged.
	errs []error
}

// judge judges one archive. It returns ErrForeign if the archive may belong to another cluster. An archive without a
// readable index is left alone.
func (s *sweep) judge(ctx context.Context, folder string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	namespace, uid, _ := strings.Cut(strings.TrimSuffix(folder, "/"), "/")
	e := Execution{Namespace: namespace, UID: types.UID(uid)}
	ix, err := s.read(ctx, e.indexKey())
	if err != nil || ix.UID != e.UID || ix.Namespace != e.Namespace {
		return nil
	}
	switch ix.Cluster {
	case s.cluster:
		return s.judgeOurs(ctx, ix)
	case "":
		// The index was written before indexes named a cluster, or by a controller that did not know its own.
		if wanted, err := s.keep(ctx, ix.Execution); wanted || err != nil {
			return nil
		}
		return fmt.Errorf("%w: %s names no cluster, and its execution %s does not exist in namespace %s; remove by hand what is not needed, and give each cluster its own prefix (?prefix=)", ErrForeign, e.indexKey(), ix.Name, ix.Namespace)
	default:
		return fmt.Errorf("%w: %s is of cluster %s; give each cluster its own bucket or prefix (?prefix=)", ErrForeign, e.indexKey(), ix.Cluster)
	}
}

func (s *sweep) judgeOurs(ctx context.Context, ix *Index) error {
	attributes, err := s.Attributes(ctx, ix.indexKey())
	if err != nil || attributes.ModTime.After(s.before) || len(s.gone) == maxSwept {
		return nil
	}
	wanted, err := s.keep(ctx, ix.Execution)
	if err != nil {
		s.errs = append(s.errs, err)
		return nil
	}
	if !wanted {
		s.gone = append(s.gone, ix.Execution)
	}
	return nil
}

// folders calls visit with each folder below a prefix.
func (r *Reader) folders(ctx context.Context, prefix string, visit func(string) error) error {
	err := r.List(ctx, prefix, "/", func(object *blob.ListObject) error {
		if !object.IsDir {
			return nil
		}
		return visit(object.Key)
	})
	if err != nil && !errors.Is(err, ErrForeign) {
		return fmt.Errorf("listing the archive below %q: %w", prefix, err)
	}
	return err
}
