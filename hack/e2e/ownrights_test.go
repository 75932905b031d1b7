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

// ownRights are the exceptions of each account of the operator: rights that it has, and that these tests give it no reason
// to use. All the others must be used in a run of the whole tier.
var ownRights = accounts{
	"taskexec-controller": {
		"update taskexec.dev/taskexecutions/finalizers": true, // for OwnerReferencesPermissionEnforcement, and never asked for itself
		// A repeated Event and a repeated election within minutes are patches.
		"patch events.k8s.io/events": true, "patch events": true,
		// The caches stream their lists by watches, and list where an API server does not do that.
		"list taskexec.dev/tasks": true, "list taskexec.dev/taskexecutions": true, "list taskexec.dev/taskschedules": true,
		"list batch/jobs": true, "list pods": true,
		"get taskexec.dev/tasks": true, "get batch/jobs": true, "get taskexec.dev/taskschedules": true, // after a conflict, and where the cache lags
		"delete taskexec.dev/taskexecutions": true, // by retention; the tests of the controllers do that
	},
	"taskexec-apiserver": {
		"list taskexec.dev/tasks": true, "list taskexec.dev/taskexecutions": true, "list taskexec.dev/taskschedules": true, // as above
		"get taskexec.dev/taskschedules": true, // one that the cache does not have yet
	},
}

type accounts map[string]map[rights.Right]bool

// wrong compares what an account did since the cluster was made, by the audit log of the node, with what RBAC allows it.
// Rights that are not used count only after a run of the whole tier.
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
	return rights.Compare(used.Lasting(), granted, except), nil
}

// verdict returns what is wrong with the rights of all accounts, after all tests. Only the local cluster writes an audit log.
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

// A run with a sensitive param takes no right that the accounts do not have. TestMain asks the same of all tests together,
// and of rights that are never used.
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
