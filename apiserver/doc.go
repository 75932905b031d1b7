// Package apiserver is the REST facade: the documented task management API, by writing and reading the
// resources Task and TaskExecution. It keeps nothing of its own; what it answers stands in Kubernetes.
//
// routes.go has every route on one screen. A handler returns an error, and errors.go alone turns errors into
// answers. convert.go turns resources into what is sent, and is pure. store.go says what the handlers need of
// Kubernetes, and kubestore.go gets it: reads from a watch cache, so that polling costs the API server nothing.
package apiserver
