// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
	"k8s.io/client-go/rest"

	"github.com/taskexec/taskexec/hack/bench/harness"
)

// side has the results of the facade or of the API server.
type side struct {
	metrics []*vegeta.Metrics
}

// load loads the facade and then the API server. It counts the requests that the facade's polls cause at the API
// server.
func (r *report) load(ctx context.Context, l *filled, f *facade) error {
	before, err := l.requests(ctx)
	if err != nil {
		return err
	}
	polls, err := f.attack(f.url+"/tasks/running/execution/%s", f.header())
	if err != nil {
		return err
	}
	after, err := l.requests(ctx)
	if err != nil {
		return err
	}
	r.caused += after.kinds - before.kinds
	r.reviews += after.reviews - before.reviews
	r.facade.metrics = append(r.facade.metrics, polls)
	tls, err := rest.TLSConfigFor(l.Config)
	if err != nil {
		return err
	}
	gets, err := f.attack(strings.TrimSuffix(l.Config.Host, "/")+"/apis/taskexec.dev/v1alpha1/namespaces/"+namespace+"/taskexecutions/%s", nil, vegeta.TLSConfig(tls))
	if err != nil {
		return err
	}
	r.server.metrics = append(r.server.metrics, gets)
	return ctx.Err()
}

// attack requests one execution after the other as fast as the answers come. It uses HTTP/1.1 and keeps its
// connections open.
func (f *facade) attack(url string, header http.Header, more ...func(*vegeta.Attacker)) (*vegeta.Metrics, error) {
	var next atomic.Uint64
	targets := func(t *vegeta.Target) error {
		t.Method, t.Header = http.MethodGet, header
		// The requests visit every execution if the step and the number of executions have no common factor.
		t.URL = fmt.Sprintf(url, nameOf(int(next.Add(1)*7919%uint64(f.executions))))
		return nil
	}
	attacker := vegeta.NewAttacker(append(more, vegeta.Workers(uint64(f.workers)), vegeta.MaxWorkers(uint64(f.workers)),
		vegeta.Connections(f.workers), vegeta.HTTP2(false), vegeta.Timeout(10*time.Second))...)
	m := &vegeta.Metrics{}
	for result := range attacker.Attack(targets, vegeta.ConstantPacer{}, f.round, "") {
		m.Add(result)
	}
	m.Close()
	if m.Success < 1 {
		return nil, fmt.Errorf("%.1f%% of the requests failed: %v %v", 100*(1-m.Success), m.StatusCodes, m.Errors)
	}
	return m, nil
}

// asked counts requests to the API server: those for kinds of taskexec.dev except watches, and token and access
// reviews.
type asked struct{ kinds, reviews float64 }

func (l *filled) requests(ctx context.Context) (total asked, err error) {
	samples, err := l.APIMetrics(ctx)
	if err != nil {
		return asked{}, err
	}
	samples.Each("apiserver_request_total", func(labels harness.Labels, n float64) {
		switch {
		case labels["group"] == "taskexec.dev" && labels["verb"] != "WATCH":
			total.kinds += n
		case labels["resource"] == "tokenreviews" || labels["resource"] == "subjectaccessreviews":
			total.reviews += n
		}
	})
	return total, nil
}
