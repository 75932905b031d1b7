// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"slices"
	"time"

	"github.com/taskexec/taskexec/hack/bench/harness"
	"github.com/taskexec/taskexec/hack/bench/lab"
)

// request is a kind of request to the API server, as its metrics distinguish them.
type request struct{ verb, resource string }

// isWrite reports whether a request changes something.
func (r request) isWrite() bool {
	return slices.Contains([]string{"POST", "PUT", "PATCH", "APPLY", "DELETE", "DELETECOLLECTION"}, r.verb)
}

// isRead reports whether a request is a read. A watch does not count, because it is counted only when it ends.
func (r request) isRead() bool { return !r.isWrite() && r.verb != "WATCH" }

// counters has all counts up to a time.
type counters struct {
	requests map[request]float64
	// byController counts the controller's requests by HTTP method.
	byController map[string]float64
	conflicts    float64
	// reconciles counts the controller's reconciles by the name of the reconciler.
	reconciles map[string]float64
	// etcdIn is the number of bytes sent to etcd. etcdSize is the size of its database.
	etcdIn, etcdSize float64
	controller       lab.Use
	// machine is the busy time of this machine's CPUs.
	machine time.Duration
	// cpu has the CPU seconds of each program.
	cpu map[string]float64
	// heap is the controller's heap in use, allocated all that it has ever allocated, in bytes.
	heap, allocated float64
}

// cpuSeconds is the name of the metric for user and system time.
const cpuSeconds = "process_cpu_seconds_total"

// notOfRuns lists resources that are written regularly, even without runs: nodes and the API server's own.
var notOfRuns = []string{"leases", "nodes", "", "tokenreviews", "subjectaccessreviews", "apiservices", "flowschemas", "prioritylevelconfigurations"}

func (b *bench) count(ctx context.Context) (c *counters, err error) {
	c = &counters{requests: map[request]float64{}, byController: map[string]float64{}, reconciles: map[string]float64{}}
	if c.controller, err = b.lab.ControllerUse(); err != nil {
		return nil, err
	}
	if c.cpu, err = b.lab.CPU(); err != nil {
		return nil, err
	}
	cpu, err := harness.CPUSoFar()
	if err != nil {
		return nil, err
	}
	c.machine = cpu.Busy
	api, err := b.lab.APIMetrics(ctx)
	if err != nil {
		return nil, err
	}
	api.Each("apiserver_request_total", func(labels harness.Labels, n float64) {
		resource := labels["resource"]
		if slices.Contains(notOfRuns, resource) {
			return
		}
		if labels["subresource"] != "" {
			resource += "/" + labels["subresource"]
		}
		c.requests[request{labels["verb"], resource}] += n
		if labels["code"] == "409" {
			c.conflicts += n
		}
	})
	c.cpu["kube-apiserver"] = api.Sum(cpuSeconds, nil)
	etcd, err := b.lab.EtcdMetrics(ctx)
	if err != nil {
		return nil, err
	}
	c.cpu["etcd"] = etcd.Sum(cpuSeconds, nil)
	c.etcdIn = etcd.Sum("etcd_network_client_grpc_received_bytes_total", nil)
	c.etcdSize = etcd.Sum("etcd_mvcc_db_total_size_in_use_in_bytes", nil)
	controller, err := b.lab.ControllerMetrics(ctx)
	if err != nil {
		return nil, err
	}
	controller.Each("rest_client_requests_total", func(labels harness.Labels, n float64) { c.byController[labels["method"]] += n })
	controller.Each("controller_runtime_reconcile_total", func(labels harness.Labels, n float64) { c.reconciles[labels["controller"]] += n })
	c.heap = controller.Sum("go_memstats_heap_inuse_bytes", nil)
	c.allocated = controller.Sum("go_memstats_alloc_bytes_total", nil)
	return c, nil
}
