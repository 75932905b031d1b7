// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/hack/rights"
)

// ownRights lists rights that the accounts of the operator have and that these tests do not use. The complete test
// suite must use all other rights.
var ownRights = accounts{
	"taskexec-controller": {
		"update taskexec.dev/taskexecutions/finalizers": true, // checked by the admission plugin OwnerReferencesPermissionEnforcement, and never requested itself
		// An Event or an election that repeats within minutes is a patch.
		"patch events.k8s.io/events": true, "patch events": true,
		// The caches list by streaming watches. They send list requests only if the API server does not support that.
		"list taskexec.dev/tasks": true, "list taskexec.dev/taskexecutions": true, "list taskexec.dev/taskschedules": true,
		"list batch/jobs": true, "list pods": true,
		"get taskexec.dev/tasks": true, "get batch/jobs": true, "get taskexec.dev/taskschedules": true, // after a conflict, or if the cache lags
		"delete taskexec.dev/taskexecutions": true, // by retention; the tests of the controllers cover it
	},
	"taskexec-apiserver": {
		"list taskexec.dev/tasks": true, "list taskexec.dev/taskexecutions": true, "list taskexec.dev/taskschedules": true, // as above
		"get taskexec.dev/taskschedules": true, // if the cache does not have it yet
	},
}

type accounts map[string]map[rights.Right]bool

// wrong compares the rights that an account used, according to the node's audit log, with those that RBAC grants it.
// It reports unused rights only if the whole test suite has run.
func (a accounts) wrong(ctx context.Context, account string, whole bool) ([]string, error) {
	logs := filepath.Join(filepath.Dir(os.Getenv("KUBECONFIG")), "logs")
	used, err := rights.ReadFolder(logs, "audit*.log", "system:serviceaccount:"+operatorNamespace+":"+account)
	if err != nil {
		return nil, fmt.Errorf("reading what %s did (the local cluster of this checkout writes a log): %w", account, err)
	}
	if len(used.Rights) == 0 {
		return nil, fmt.Errorf("the audit log has nothing of %s", account)
	}
	granted, err := rights.Bound(ctx, kube, operatorNamespace, account)
	if err != nil {
		return nil, err
	}
	except := a[account]
	if !whole {
		except = granted
	}
	return rights.Compare(used.Lasting(granted), granted, except), nil
}

// verdict returns an error if the rights of an account are wrong. It runs after all tests. Only the local cluster
// writes an audit log.
func (a accounts) verdict(whole bool) error {
	if os.Getenv("E2E_LOCALCLUSTER") == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var errs []error
	for account := range a {
		wrong, err := a.wrong(ctx, account, whole)
		if len(wrong) > 0 {
			errs = append(errs, fmt.Errorf("rights of %s: %s", account, strings.Join(wrong, "; ")))
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// A run with a sensitive param needs no right that the accounts do not have. TestMain checks the same for all tests
// together, and also finds rights that are never used.
func TestCase47OwnRightsOnTheNode(t *testing.T) {
	localclusterProgram(t)
	name := given(t, taskOf("echo done"))
	if got := polled(t, execute(t, name, nil)); got.Status != "completed" {
		t.Fatalf("it ended as %s", text(got))
	}
	for account := range ownRights {
		wrong, err := ownRights.wrong(t.Context(), account, false)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range wrong {
			t.Errorf("%s: %s", account, w)
		}
	}
}
