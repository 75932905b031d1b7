// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers"
	"github.com/taskexec/taskexec/hack/faultproxy"
)

// weather returns the disturbances, one for each second. The proxies are in front of the API server and the kubelets.
func weather(api *faultproxy.Proxy, nodes []*faultproxy.Proxy, s *storm) []func() {
	every := func(do func(*faultproxy.Proxy)) {
		do(api)
		for _, node := range nodes {
			do(node)
		}
	}
	return []func(){
		func() { api.Cut() },
		func() { s.set(false, errBroken, errAway) },
		func() { s.set(false, errConflict) },
		func() { api.Stall(true) },
		func() { s.set(false, errBusy) },
		func() { every((*faultproxy.Proxy).Cut) },
		func() { s.set(true); api.Cut() },
		func() { every(func(p *faultproxy.Proxy) { p.Delay(50 * time.Millisecond) }) },
		func() { every(func(p *faultproxy.Proxy) { p.Stall(true) }) },
		func() { s.set(true, errBroken, errBusy, errAway); every((*faultproxy.Proxy).Cut) },
		func() { api.Refuse(true); api.Cut() },
	}
}

// A handful of runs go through a storm between the operator, the API server and the kubelets. Connections are cut,
// refused, stalled and slowed; requests get 409, 429, 500 and 503; watches are late and cannot resume. Each run has one
// Job and ends as it should. Its log is complete, or says that it is not.
func TestCase9RunsThroughAStorm(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	w := &stage{ns, newWitness(t, ns)}
	target, err := url.Parse(apiServer.Host)
	if err != nil {
		t.Fatal(err)
	}
	api := proxied(t, target.Host)
	s := &storm{random: rand.New(rand.NewPCG(3, 6)), given: map[string]int{}}
	config := rest.CopyConfig(apiServer)
	config.Host, config.QPS = "https://"+api.Addr(), -1
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return stormy{s, next} })
	bucket := "file://" + t.TempDir()
	operation{config: config, namespace: ns, changes: []func(*controllers.Options){func(o *controllers.Options) {
		o.LogSource, o.LogPatience = nil, 20*time.Second
		o.Archive.URL, o.Archive.SpoolDir, o.Archive.PartBytes, o.Archive.PartAge = bucket, t.TempDir(), 64<<10, 50*time.Millisecond
	}}}.runs(t)

	ends := []string{"completes", "fails", "cancelled", "completes", "fails", "completes"}
	var nodes []*faultproxy.Proxy
	var kubelets []*kubelet
	for i := range ends {
		k := newKubelet(t, uint64(100+i))
		kubelets, nodes = append(kubelets, k), append(nodes, proxiedNode(t, k))
	}
	create(t, newTask(ns))
	calm := make(chan struct{})
	var users sync.WaitGroup
	for i, end := range ends {
		users.Go(func() {
			t.Run(fmt.Sprintf("%d %s", i, end), func(t *testing.T) { w.weathers(t, fmt.Sprintf("run-%d", i), end, kubelets[i], bucket, calm) })
		})
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for _, change := range weather(api, nodes, s) {
		change()
		<-tick.C
		eventually(t, "each answer of this weather was given", s.allGiven)
		s.set(false)
		api.Calm()
		for _, node := range nodes {
			node.Calm()
		}
	}
	close(calm)
	users.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	t.Logf("answers: %v", s.given)
	for _, answer := range []*apierrors.StatusError{errBusy, errBroken, errAway, errExpired, errConflict} {
		if s.given[string(answer.ErrStatus.Reason)] == 0 {
			t.Errorf("no request was answered by %s", answer.ErrStatus.Reason)
		}
	}
}

func proxied(t *testing.T, target string) *faultproxy.Proxy {
	t.Helper()
	p, err := faultproxy.Listen(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// proxiedNode makes the API server reach a kubelet through a proxy.
func proxiedNode(t *testing.T, k *kubelet) *faultproxy.Proxy {
	t.Helper()
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: k.node}}
	read(t, node)
	endpoint := &node.Status.DaemonEndpoints.KubeletEndpoint
	p := proxied(t, fmt.Sprintf("127.0.0.1:%d", endpoint.Port))
	_, port, _ := strings.Cut(p.Addr(), ":")
	number, err := strconv.ParseInt(port, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	patchStatus(t, node, func() { node.Status.DaemonEndpoints.KubeletEndpoint.Port = int32(number) })
	return p
}

// weathers takes one run through the storm. It prints all the time, and ends when the storm is over.
func (s *stage) weathers(t *testing.T, name, end string, node *kubelet, bucket string, calm <-chan struct{}) {
	e := named(t, s.ns, name)
	job := s.job(t, name)
	pod := podOn(t, job, node.node)
	runs(t, pod)
	total := node.printUntil(calm, 3*time.Millisecond)
	phase, code, reason := v1alpha1.PhaseCompleted, int32(0), ""
	switch end {
	case "fails":
		phase, code = v1alpha1.PhaseFailed, 7
	case "cancelled":
		phase, code, reason = v1alpha1.PhaseCancelled, 143, "DeadlineExceeded"
		cancel(t, e)
		s.told(t, pod, v1alpha1.ReasonCancelled)
	}
	node.exit()
	exits(t, pod, code, reason)
	if end != "cancelled" {
		ends(t, job, map[bool]batchv1.JobConditionType{true: batchv1.JobComplete, false: batchv1.JobFailed}[code == 0])
	}
	s.until(t, "it ends", func() (bool, any) {
		status := &seen[*v1alpha1.TaskExecution](s.witness, name).Status
		return status.Phase.IsTerminal(), status
	})
	captured := capturedLog(t, e)
	if e.Status.Phase != phase || e.Status.ExitCode == nil || *e.Status.ExitCode != code {
		t.Errorf("it ended as %+v", e.Status)
	}
	summary, log := e.Status.LogSummary, archivedText(t, bucket, e)
	node.change(func() {
		t.Logf("%d lines printed, %d archived, %s: %s; %v", total, len(log), captured.Reason, captured.Message, node.faults)
	})
	if summary.Complete != (captured.Status == metav1.ConditionTrue) || !summary.Complete && captured.Message == "" {
		t.Errorf("summary %+v, condition %+v", summary, captured)
	}
	if summary.Complete && (len(log) != total || summary.Entries != int64(total)) {
		t.Errorf("the log is said to be whole: %d lines of %d are archived, %d are counted", len(log), total, summary.Entries)
	}
	last := -1
	for _, text := range log {
		number, err := strconv.Atoi(strings.Fields(text)[1])
		if err != nil || number <= last {
			t.Fatalf("after line %d comes %q", last, text)
		}
		last = number
	}
}

// printUntil prints a numbered line at each interval until over is closed, and returns how many.
func (k *kubelet) printUntil(over <-chan struct{}, while time.Duration) (lines int) {
	tick := time.NewTicker(while)
	defer tick.Stop()
	for {
		select {
		case <-over:
			return lines
		case <-tick.C:
			k.print(fmt.Sprintf("line %d %s", lines, strings.Repeat("x", lines%7*20)))
			lines++
		}
	}
}
