package openapi

import "net/http"

// The groups of operations.
const (
	TagTasks      = "tasks"
	TagExecutions = "executions"
	TagCancel     = "cancel"
	TagSchedules  = "schedules"
	TagPlatform   = "platform"
)

// Answers and parameters that several operations have.
var (
	NoSuchExecution = Problem(http.StatusNotFound, "There is no such run.")
	NotModified     = Answer{Status: http.StatusNotModified, Description: "It is as If-None-Match has it.", Headers: map[string]string{"ETag": "Of this state."}}
	IfNoneMatch     = Header("If-None-Match", "The ETag of what is there already: where it is the same, the answer is 304.", Text())
	PageCursor      = Query("cursor", "The nextCursor of another page: where this one begins.", Text())
	LastEventID     = []Parameter{
		Header("Last-Event-ID", "The id of the last event that was received: the stream goes on after it.", Text()),
		Query("lastEventId", "The same, for clients that can set no header.", Text()),
	}
)

// Problem returns an answer that is a problem (RFC 9457).
func Problem(status int, says string) Answer { return Answer{Status: status, Description: says} }

// Tagged returns the answer 200 with an ETag.
func Tagged(says string, body any) Answer {
	return Answer{Status: http.StatusOK, Description: says, Body: body, Headers: map[string]string{"ETag": "Of this state."}}
}

// EventsOf returns the answer 200 of a stream of the given events.
func EventsOf(events map[string]any) Answer {
	return Answer{Status: http.StatusOK, Description: "The events, as they come.", MediaType: "text/event-stream", Body: "", Events: events}
}

// RetryAfter is the header of an answer that asks the client to come again.
func RetryAfter() map[string]string { return map[string]string{"Retry-After": "Seconds to wait."} }
