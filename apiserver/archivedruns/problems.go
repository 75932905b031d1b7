// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package archivedruns

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-logr/logr"

	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/bucket"
)

// Missing returns the answer 404 for a run. It says whether the archive was asked too.
func (a *Archive) Missing(id string) error {
	switch {
	case a == nil:
		return web.NoExecution(id)
	case !a.Known():
		return web.Problemf(http.StatusNotFound, "there is no execution %q in the cluster; the archive was not asked, because the facade does not know the identity of the cluster (--cluster-id)", id)
	default:
		return web.Problemf(http.StatusNotFound, "there is no execution %q in the cluster and in the archive", id)
	}
}

// unreadable returns the answer if a run is not live, and the archive does not say whether it has it.
func unreadable(ctx context.Context, id string, err error) error {
	if ctx.Err() != nil {
		return err
	}
	logr.FromContextOrDiscard(ctx).Error(err, "An archived run cannot be read", "execution", id)
	var away *bucket.Error
	switch {
	case errors.As(err, &away) && errors.Is(err, bucket.ErrDamaged):
		return fmt.Errorf("%w (%w)", web.Problemf(http.StatusGone, "the execution %q is not in the cluster, and its record in the archive cannot be used", id), err)
	case errors.As(err, &away):
		return fmt.Errorf("%w (%w)", web.Unavailable(fmt.Sprintf("the execution %q is not in the cluster, and the archive, which may have it, cannot be read: %s; try again", id, away.Brief())), err)
	default:
		return err
	}
}
