// Package follow reads container logs from their start, for as long as the containers run, and keeps the
// tail of each execution's log.
//
// A Follower has one run for each execution and one stream for each container run in it. A stream ends only
// when its container is known to have ended and its log was read to the end after that: the end of a
// response alone says nothing, because the API server and the kubelet end responses for reasons of their
// own. How far a stream came is kept by a cursor, so that a broken connection is resumed where it was.
package follow
