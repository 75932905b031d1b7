// Package history keeps the executions of the watch cache in order, so that a page of them costs the same at any
// depth, and tells who watches what changed. It holds pointers to what the cache holds, and no copies.
//
//	informer events → Index.Put, Index.Remove → one shelf for each namespace
//	                                              by creation:  all, and each task's   → Page, Each
//	                                              by version:   with those deleted     → Changes
//	                                            → Watch: "look again"
//
// A watcher holds a position in the order of versions and nothing else. So one that is slow costs no memory and skips
// what was overtaken, and one that comes again after a break goes on where it was.
//
// It does no I/O and asks no clock.
package history
