// Package runs reads, watches, cancels and deletes executions.
package runs
