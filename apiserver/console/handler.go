// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/taskexec/taskexec/apiserver/web"
)

// prefix is the path of the console.
const prefix = "/console/"

// policy allows the console its own files and requests to the server that it came from, and nothing else: no inline
// script or style, no eval, no other host, no frame around it. Only Svelte, which makes its elements from constant
// templates, may turn text into HTML.
const policy = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types svelte-trusted-html"

// missing is the answer at /console/ of a program that was built without the console.
const missing = `The console is not part of this program, because it was built without it.

To build it, run "make console" and build the program again, or run "make build", which does both. It needs Node 20.19 or newer and npm.

The REST API works without it: /docs describes it.
`

// embedded returns the files of the embedded console.
var embedded = sync.OnceValues(func() (map[string]*file, error) {
	dist, err := fs.Sub(built, "dist")
	if err != nil {
		return nil, err
	}
	return read(dist)
})

// Beside returns a handler that serves the console at /console/, redirects browsers there from /, and leaves all other
// requests to api. The console is open to everyone: its files are the same for every installation and say nothing about a
// cluster. What it shows comes from api, which checks the caller's rights.
func Beside(api http.Handler) http.Handler {
	files, err := embedded()
	if err != nil { // embedded files can always be read
		panic(err)
	}
	return beside(api, files)
}

func beside(api http.Handler, files map[string]*file) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, within := strings.CutPrefix(r.URL.Path, prefix)
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead
		switch {
		case within && !reads:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, r.Method+" is not allowed at "+prefix+", only GET and HEAD", http.StatusMethodNotAllowed)
		case within:
			serve(w, r, files, name)
		case reads && (r.URL.Path == strings.TrimSuffix(prefix, "/") || r.URL.Path == "/" && wantsPage(r)):
			w.Header().Add("Vary", "Accept")
			http.Redirect(w, r, prefix, http.StatusFound)
		default:
			api.ServeHTTP(w, r)
		}
	})
}

// wantsPage reports whether a request is that of a browser that opens a page.
func wantsPage(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }

// serve answers with a file of the console. All other paths are addresses within the console, which index.html shows.
func serve(w http.ResponseWriter, r *http.Request, files map[string]*file, name string) {
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", policy)
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Referrer-Policy", "no-referrer")
	found, page := files[name], files[index]
	switch {
	case page == nil:
		header.Set("Cache-Control", "no-store")
		text(w, http.StatusNotFound, missing)
	case found != nil && strings.HasPrefix(name, assets):
		header.Set("Cache-Control", "public, max-age=31536000, immutable") // its name changes with its content
		send(w, r, found)
	case strings.HasPrefix(name, assets):
		header.Set("Cache-Control", "no-store")
		text(w, http.StatusNotFound, "There is no such file. It may be of another version of the console: reload the page.\n")
	case found != nil:
		header.Set("Cache-Control", "no-cache")
		send(w, r, found)
	default:
		header.Set("Cache-Control", "no-cache")
		send(w, r, page)
	}
}

func text(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// send answers with a file, in the smallest encoding that the client accepts.
func send(w http.ResponseWriter, r *http.Request, f *file) {
	header := w.Header()
	encoding := encodingFor(f, r.Header.Get("Accept-Encoding"))
	tag := `"` + f.tag + "-" + encoding + `"`
	header.Set("Content-Type", f.contentType)
	header.Add("Vary", "Accept-Encoding")
	if web.Unchanged(w, r, tag) {
		return
	}
	if encoding != identity {
		header.Set("Content-Encoding", encoding)
	}
	body := f.bodies[encoding]
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}
