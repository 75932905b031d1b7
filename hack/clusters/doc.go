// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package clusters tests clusters that share one bucket, each with its own etcd, API server, controller and facade. It has tests
// only.
//
//	load ──▶ facade, kubectl ──▶ API server ──▶ controller ──▶ bucket ◀── other cluster
//	                                 ▲                            │
//	node (Jobs, pods, logs) ─────────┤ what it printed            │
//	                                 ▼                            ▼
//	                               model ◀── compared with ──── facade
//
// The model has what the node printed and what the facade answered when a run had ended. `make soak-archive` runs it for an hour.
package clusters
