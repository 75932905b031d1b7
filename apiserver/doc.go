// Package apiserver is the REST facade: the documented task management API, by writing and reading the
// resources Task and TaskExecution. It keeps nothing of its own; what it answers stands in Kubernetes.
//
// A request is let in by middleware in this order: an id, the log, what browsers must not do, who it is of
// (authenticate.go, which asks the package auth), how often that one asks (limits.go). Its route's access is asked for
// (authorize.go), its body is read within a time (slowbody.go), and it takes a place (admission.go) before its handler
// sees it.
//
// routes.go has every route on one screen. A handler returns an error, and errors.go alone turns errors into
// answers. convert.go turns resources into what is sent, and is pure. store.go says what the handlers need of
// Kubernetes, and kubestore.go gets it: reads from a watch cache, so that polling costs the API server nothing.
//
// The package explain says why a run does not run; observer.go gathers what it is told. rehearse.go says what would
// become of a request, and forecast.go judges it.
package apiserver
