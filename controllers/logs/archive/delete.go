// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"context"
	"fmt"

	"gocloud.dev/blob"
)

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
