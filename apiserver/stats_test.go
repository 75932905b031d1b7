package apiserver

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// took is an execution that ran for so many milliseconds.
func took(name, task string, phase v1alpha1.Phase, milliseconds int) *v1alpha1.TaskExecution {
	e := anExecution(name, task, phase)
	begun := metav1.NewTime(e.CreationTimestamp.Time)
	ended := metav1.NewTime(begun.Add(time.Duration(milliseconds) * time.Millisecond))
	e.Status.StartTime, e.Status.CompletionTime = &begun, &ended
	return e
}

func TestStats(t *testing.T) {
	n := func(i int64) *int64 { return &i }
	hundred := []*v1alpha1.TaskExecution{}
	for i := range 100 {
		hundred = append(hundred, took(fmt.Sprint(i), "sync", v1alpha1.PhaseCompleted, (99-i)*10))
	}
	neverStarted := took("x", "sync", v1alpha1.PhaseFailed, 0)
	neverStarted.Status.StartTime = nil
	going := took("x", "sync", v1alpha1.PhaseRunning, 0)
	going.Status.CompletionTime = nil
	for name, c := range map[string]struct {
		of   []*v1alpha1.TaskExecution
		want wireStats
	}{
		"none":              {nil, wireStats{}},
		"one":               {hundred[:1], wireStats{Total: 1, Completed: 1, AvgDuration: n(990), P95: n(990)}},
		"a hundred":         {hundred, wireStats{Total: 100, Completed: 100, AvgDuration: n(495), P95: n(940)}},
		"never started":     {[]*v1alpha1.TaskExecution{neverStarted}, wireStats{Total: 1, Failed: 1}},
		"goes on":           {[]*v1alpha1.TaskExecution{going}, wireStats{Total: 1, Running: 1}},
		"a clock set back":  {[]*v1alpha1.TaskExecution{took("x", "sync", v1alpha1.PhaseFailed, -5)}, wireStats{Total: 1, Failed: 1, AvgDuration: n(0), P95: n(0)}},
		"cancelled, queued": {[]*v1alpha1.TaskExecution{anExecution("a", "sync", v1alpha1.PhaseCancelling), anExecution("b", "sync", v1alpha1.PhaseQueued)}, wireStats{Total: 2, Running: 1, Cancelled: 1}},
	} {
		var counted tally
		for _, e := range c.of {
			counted.count(e)
		}
		if diff := cmp.Diff(c.want, counted.stats()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestStatsSummary(t *testing.T) {
	api := facade(newFakeStore(aTask("sync"), aTask("idle")).add(
		took("a", "sync", v1alpha1.PhaseCompleted, 100), took("b", "sync", v1alpha1.PhaseFailed, 300), took("c", "clean", v1alpha1.PhaseCompleted, 2000),
	))
	for path, want := range map[string]string{
		"":               `{"total":3,"running":0,"completed":2,"failed":1,"cancelled":0,"avgDuration":800,"p95":2000}` + "\n",
		"?taskName=sync": `{"taskName":"sync","total":2,"running":0,"completed":1,"failed":1,"cancelled":0,"avgDuration":200,"p95":300}` + "\n",
		"?taskName=idle": `{"taskName":"idle","total":0,"running":0,"completed":0,"failed":0,"cancelled":0,"avgDuration":null,"p95":null}` + "\n",
	} {
		if w := call(t, api, "GET", "/tasks/stats/summary"+path, ""); w.Body.String() != want {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	wantProblem(t, call(t, api, "GET", "/tasks/stats/summary?taskName=nothing", ""), http.StatusNotFound, `there is no task "nothing"`)
}
