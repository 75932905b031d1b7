// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// If the controller's limit is reached, a namespace with one run does not wait for all the older runs of another.
func TestCase22PlacesOfTheControllerAreShared(t *testing.T) {
	in := func(namespace, name string, second int) *v1alpha1.TaskExecution {
		return with(execution("sync", name, second), func(e *v1alpha1.TaskExecution) { e.Namespace = namespace })
	}
	for total, want := range map[int]string{1: "loud-0 quiet-0 loud-1 quiet-1 loud-2 loud-3", 2: "loud-0 loud-1 quiet-0 loud-2 quiet-1 loud-3"} {
		t.Run(fmt.Sprintf("%d at once", total), func(t *testing.T) {
			runs := map[types.UID]*v1alpha1.TaskExecution{}
			l := NewLedger(Limits{Total: total})
			l.Seed(nil)
			var order, active []string
			look := func(uid types.UID) {
				if place, _, known := l.Ask(uid, rules(v1alpha1.ConcurrencyAllow, 0), noon); known && place.Granted {
					order, active = append(order, string(uid)), append(active, string(uid))
				}
			}
			for i, name := range []string{"loud-0", "loud-1", "loud-2", "loud-3", "quiet-0", "quiet-1"} {
				run := in(strings.Split(name, "-")[0], name, i)
				runs[run.UID] = run
				l.Observe(run)
				look(run.UID)
			}
			for len(active) > 0 {
				end := runs[types.UID(active[0])]
				active = active[1:]
				for _, woken := range l.Observe(ended(end)) {
					look(types.UID(woken.Name))
				}
			}
			if got := strings.Join(order, " "); got != want {
				t.Errorf("turns in the order %s, want %s", got, want)
			}
			if len(l.lastGrant)+len(l.queues) > 0 {
				t.Errorf("something is left: %v", l.lastGrant)
			}
		})
	}
}
