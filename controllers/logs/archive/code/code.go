// Package code finds the code that a store gave in an error of its client. It depends on no client, so that package
// archive does not either: package cloud registers those that it has.
package code

import "sync"

// A Finder gives a store's code and the HTTP status in an error; zero values where it has none.
type Finder func(error) (code string, status int)

var finders struct {
	sync.RWMutex
	all []Finder
}

// Register adds a Finder. It is meant to be called by init.
func Register(f Finder) {
	finders.Lock()
	defer finders.Unlock()
	finders.all = append(finders.all, f)
}

// Of gives what the first Finder that knows an error says of it.
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
