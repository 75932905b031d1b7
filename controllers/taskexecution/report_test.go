// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskexecution

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/logs/follow"
	"github.com/taskexec/taskexec/controllers/logs/turns"
	"github.com/taskexec/taskexec/controllers/queue"
)

// If the API server refuses a status because of its tail, the phase is written without the tail. After any other error
// the caller retries.
func TestPhaseIsWrittenWithoutATailThatIsRefused(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	etcds := apierrors.NewInternalError(errors.New("etcdserver: request is too large"))
	tooLarge := apierrors.NewRequestEntityTooLargeError("etcd takes 1.5 MiB")
	for name, c := range map[string]struct {
		refusal error
		most    int
		params  int // size of the execution's params in bytes
		phase   v1alpha1.Phase
		entries int
		err     error
	}{
		"a tail that is taken":      {nil, 1 << 20, 0, v1alpha1.PhaseRunning, 100, nil},
		"too large":                 {tooLarge, 2000, 0, v1alpha1.PhaseRunning, 2, nil},
		"etcd's own words":          {etcds, 1<<20 + 2000, 1 << 20, v1alpha1.PhaseRunning, 2, nil},
		"an internal error":         {etcds, 2000, 0, "", 0, etcds},
		"refused without it, too":   {tooLarge, 0, 0, "", 0, tooLarge},
		"refused for other reasons": {apierrors.NewTooManyRequests("later", 1), 2000, 0, "", 0, apierrors.NewTooManyRequests("later", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "run"}}
			e.Spec.Params = &apiextensionsv1.JSON{Raw: fmt.Appendf(nil, `{"x":%q}`, strings.Repeat("x", c.params))}
			api := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(e).WithObjects(e).
				WithInterceptorFuncs(interceptor.Funcs{
					SubResourceUpdate: func(ctx context.Context, api client.Client, sub string, o client.Object, options ...client.SubResourceUpdateOption) error {
						if data, err := json.Marshal(o); err != nil || len(data) > c.most {
							return errors.Join(c.refusal, err)
						}
						return api.SubResource(sub).Update(ctx, o, options...)
					},
				}).Build()
			follower := follow.New(follow.Options{Turns: turns.New(turns.Limits{Total: 1}, clock.RealClock{}), Clock: clock.RealClock{}})
			t.Cleanup(follower.Stop)
			r := &Reconciler{Client: api, Follower: follower, Metrics: NewMetrics(prometheus.NewRegistry(), queue.NewLedger(queue.Limits{}))}
			if err := api.Get(t.Context(), client.ObjectKeyFromObject(e), e); err != nil {
				t.Fatal(err)
			}
			start := metav1.NewTime(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC))
			status := v1alpha1.TaskExecutionStatus{Phase: v1alpha1.PhaseRunning, StartTime: &start, LogSummary: &v1alpha1.LogSummary{Entries: 100}}
			for range 100 {
				status.Logs = append(status.Logs, v1alpha1.LogEntry{Timestamp: metav1.NewMicroTime(start.Time), Level: v1alpha1.LogInfo, Message: strings.Repeat("x", 100)})
			}
			err := r.report(t.Context(), &lifecycle.Observation{Execution: e}, lifecycle.Plan{Status: status})
			if c.err == nil && err != nil || c.err != nil && apierrors.ReasonForError(err) != apierrors.ReasonForError(c.err) {
				t.Fatalf("got %v, want %v", err, c.err)
			}
			if err := api.Get(t.Context(), client.ObjectKeyFromObject(e), e); err != nil {
				t.Fatal(err)
			}
			if e.Status.Phase != c.phase || len(e.Status.Logs) != c.entries {
				t.Errorf("phase %q with %d entries, want %q with %d", e.Status.Phase, len(e.Status.Logs), c.phase, c.entries)
			}
		})
	}
}
