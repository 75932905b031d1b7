// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package openapi

import "net/http"

// The groups of operations.
const (
	TagTasks      = "tasks"
	TagExecutions = "executions"
	TagCancel     = "cancel"
	TagSchedules  = "schedules"
	TagSession    = "session"
	TagPlatform   = "platform"
)

// Answers and parameters of several operations.
var (
	NoSuchExecution = Problem(http.StatusNotFound, "The run does not exist.")
	DamagedRecord   = Problem(http.StatusGone, "The run is archived, and its record in the archive cannot be used.")
	NotModified     = Answer{Status: http.StatusNotModified, Description: "Not modified since the ETag in If-None-Match.", Headers: map[string]string{"ETag": "The ETag of this state."}}
	IfNoneMatch     = Header("If-None-Match", "The ETag of an earlier answer. If nothing has changed since, the answer is 304.", Text())
	AcceptLanguage  = Header("Accept-Language", "The language of sentences for people: Chinese (zh) or English. The default is English. Messages of Kubernetes and of the controller are quoted as they are.", Text())
	WithMay         = Query("may", "Say in the field may what the caller may do, by its rights. In a list of runs, rights that a Role grants to a single run by its id do not count.", Flag())
	PageCursor      = Query("cursor", "The nextCursor of another page. This page begins there.", Text())
	LastEventID     = []Parameter{
		Header("Last-Event-ID", "The id of the last event that the client received. The stream resumes after it.", Text()),
		Query("lastEventId", "The same as Last-Event-ID, for clients that cannot set a header.", Text()),
	}
)

// Problem returns an answer that is a problem (RFC 9457).
func Problem(status int, says string) Answer { return Answer{Status: status, Description: says} }

// Tagged returns the answer 200 with an ETag.
func Tagged(says string, body any) Answer {
	return Answer{Status: http.StatusOK, Description: says, Body: body, Headers: map[string]string{"ETag": "The ETag of this state."}}
}

// Worded returns the answer 200 with sentences in the language of the request.
func Worded(says string, body any) Answer {
	return Answer{Status: http.StatusOK, Description: says, Body: body, Headers: map[string]string{"Content-Language": "The language of the sentences: en or zh-Hans."}}
}

// EventsOf returns the answer 200 of a stream of the given events.
func EventsOf(events map[string]any) Answer {
	return Answer{Status: http.StatusOK, Description: "A stream of events.", MediaType: "text/event-stream", Body: "", Events: events}
}

// RetryAfter returns the header of an answer that asks the client to try again later.
func RetryAfter() map[string]string {
	return map[string]string{"Retry-After": "Seconds to wait before the request is repeated."}
}
