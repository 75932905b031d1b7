// Package tasks serves the Tasks of a namespace.
package tasks
