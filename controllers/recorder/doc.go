// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package recorder sees to it that each ended run has a record in the archive (package records), applies the archive's
// retention, and forgets runs when asked to. It writes nothing to etcd.
//
//	ended run, log final ──▶ Reconciler ──▶ records.Writer ──▶ bucket
//	                            │ knows: ledger                  ▲
//	Task events ──▶ definitions ┘                Upkeep ─────────┘ claim, flush, merge, expire
//
// The ledger is memory only. After a restart it is filled again from the history in the bucket, for the runs that still exist,
// so a run whose record was written right before a crash is added to the history then.
//
// A store that is away delays records and nothing else. The clean-up of runs waits for records (Ledger.MayRemove), up to the
// archive's deadline.
package recorder
