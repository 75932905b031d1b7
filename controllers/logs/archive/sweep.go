package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
	"k8s.io/apimachinery/pkg/types"
)

// Delete removes an execution's archive, the index last, so that what is left of an attempt that fails is found
// again.
func (r *Reader) Delete(ctx context.Context, e Execution) error {
	list := r.bucket.List(&blob.ListOptions{Prefix: e.prefix()})
	for {
		object, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("listing the archive of execution %s/%s: %w", e.Namespace, e.Name, err)
		}
		if object.Key == e.indexKey() {
			continue
		}
		if err := r.remove(ctx, object.Key); err != nil {
			return err
		}
	}
	return r.remove(ctx, e.indexKey())
}

// remove an object; somebody else may have done so.
func (r *Reader) remove(ctx context.Context, key string) error {
	if err := r.bucket.Delete(ctx, key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("deleting %s: %w", key, err)
	}
	return nil
}

// Sweep removes the archives of executions that keep does not want, when they have not changed for some time. One
// that cannot be judged is kept.
func (r *Reader) Sweep(ctx context.Context, keep func(context.Context, Execution) (bool, error), before time.Time) (removed int, err error) {
	var errs []error
	err = r.folders(ctx, "", func(namespace string) error {
		return r.folders(ctx, namespace, func(folder string) error {
			done, err := r.sweepOne(ctx, folder, keep, before)
			if done {
				removed++
			}
			if err != nil {
				errs = append(errs, err)
			}
			return ctx.Err()
		})
	})
	return removed, errors.Join(append(errs, err)...)
}

func (r *Reader) sweepOne(ctx context.Context, folder string, keep func(context.Context, Execution) (bool, error), before time.Time) (bool, error) {
	namespace, uid, _ := strings.Cut(strings.TrimSuffix(folder, "/"), "/")
	e := Execution{Namespace: namespace, UID: types.UID(uid)}
	attributes, err := r.bucket.Attributes(ctx, e.indexKey())
	if err != nil || attributes.ModTime.After(before) {
		return false, nil // without an index it is not known what this is
	}
	ix, err := r.read(ctx, e.indexKey())
	if err != nil || ix.UID != e.UID || ix.Namespace != e.Namespace {
		return false, nil
	}
	if wanted, err := keep(ctx, ix.Execution); wanted || err != nil {
		return false, err
	}
	return true, r.Delete(ctx, ix.Execution)
}

// folders calls visit with each folder below a prefix.
func (r *Reader) folders(ctx context.Context, prefix string, visit func(string) error) error {
	list := r.bucket.List(&blob.ListOptions{Prefix: prefix, Delimiter: "/"})
	for {
		object, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("listing the archive below %q: %w", prefix, err)
		}
		if object.IsDir {
			if err := visit(object.Key); err != nil {
				return err
			}
		}
	}
}
