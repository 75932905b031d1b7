// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package code reads the store's code from an error of the store's client. It depends on no client, so package archive
// does not depend on one either. Package cloud registers Finders for its clients.
package code

import "sync"

// Finder returns the store's code and the HTTP status of an error, or zero values.
type Finder func(error) (code string, status int)

var finders struct {
	sync.RWMutex
	all []Finder
}

// Register adds a Finder. Call it from init.
func Register(f Finder) {
	finders.Lock()
	defer finders.Unlock()
	finders.all = append(finders.all, f)
}

// Of returns the result of the first Finder that knows an error, or zero values.
func Of(err error) (code string, status int) {
	finders.RLock()
	defer finders.RUnlock()
	for _, find := range finders.all {
		if code, status = find(err); code != "" || status != 0 {
			return code, status
		}
	}
	return "", 0
}
