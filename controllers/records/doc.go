// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package records keeps the record of each ended run in the bucket of the archive, so that it outlives etcd, the namespace
// and the cluster.
//
//	.taskexec/<cluster>/owner.json                                  who writes there now
//	.taskexec/<cluster>/runs/<namespace>/<name>/<UID>.json           the record of one run: written once
//	.taskexec/<cluster>/history/<namespace>/<day>T<...>.parquet      segments: the index for lists, searches and statistics
//
// The logs lie beside them, at <namespace>/<UID>/ (package archive). The cluster is its identity: the UID of the namespace
// kube-system, or what the operator chose. So two clusters may share a bucket: neither reads, changes or removes what the
// other wrote.
//
// A segment has the rows of one namespace and one day of creation (UTC), in Apache Parquet, so that DuckDB, Spark or pandas
// read it too. Segments are never changed. They are merged into larger ones, and only what was merged is removed then. A row
// may therefore be in several segments for a while, and readers take each run once. That makes a crash after any request
// harmless, and also a second writer.
//
//	ended run ──▶ Writer.Put ──▶ record ──▶ row ──▶ segment ──▶ merged segment
//	                                                  └──▶ Reader.Page, Reader.Summary ──▶ facade
//	                                record ◀── Reader.Get (by name)
package records
