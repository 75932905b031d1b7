// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package apiserver is the REST API: the documented task management API, over the resources Task, TaskExecution and
// TaskSchedule. It stores nothing of its own; what it answers is in Kubernetes or in the archive.
//
// routesandrights.go has every route on one screen, with the right that it takes. server.go runs the program. Everything else is
// in rooms, one package each. A room imports only rooms that are below it:
//
//	apiserver    routes, the program, the API's description
//	   │
//	   ├ submit      a run is asked for: decode → judge → admit → create → answer; reruns, dry runs, schedules run now
//	   ├ runs        executions are read, listed, waited for, watched, cancelled, deleted
//	   ├ logs        logs are read: a page, text, or a stream
//	   ├ schedules   schedules are read and changed
//	   ├ explain     gathers the facts from which package diagnosis says why
//	   ├ compare     says what differs between two runs, by package rundiff; the Task as a run knew it
//	   ├ tasks       Tasks are read
//	   ├ session     browsers log in and out
//	   │
//	   ├ archivedruns  runs that Kubernetes no longer has
//	   ├ kube        the stores: reads from a watch cache, live reads, writes
//	   ├ wire        executions as they are sent
//	   ├ access      who the caller is, what it may do, and its share of what is done at once
//	   └ web         requests and answers: middleware, bodies, queries, ETags, streams, and problems
//
// Beside them are packages that know nothing of HTTP: auth asks Kubernetes about callers, limit counts what each of them
// does, runindex indexes the cache, runfilter selects from it by labels and params, diagnosis says why a run does not run,
// and openapi builds the description. Package console serves the web console, which uses the API and nothing else.
//
// A request passes the middleware of web, which gives it an id and a log line; access authenticates the caller, limits
// its rate, and checks the route's right; then the body is read within a time limit, and the request takes a place
// among those that are served. The handler of a room returns an error, and web/problem.go alone turns errors into
// answers. Each room declares the store interface that it needs. kube implements all of them: it reads from a watch
// cache, so that polling costs the API server nothing. Only the tail of a log that nobody has read lately is read from
// the API server.
package apiserver
