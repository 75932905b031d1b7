// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

// aBuild is a console with one page and one asset.
func aBuild() fstest.MapFS {
	return fstest.MapFS{
		".placeholder":        {Data: []byte("kept")},
		"index.html":          {Data: []byte("<html>")},
		"index.html.br":       {Data: []byte("brotli of html")},
		"index.html.gz":       {Data: []byte("gzip of html")},
		"icon.svg":            {Data: []byte("<svg>")},
		"assets/a-1234.js":    {Data: []byte("code")},
		"assets/a-1234.js.br": {Data: []byte("brotli of code")},
	}
}

// call serves one request. headers are names and values in turn.
func call(t *testing.T, build fstest.MapFS, method, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	files, err := read(build)
	if err != nil {
		t.Fatal(err)
	}
	api := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	r := httptest.NewRequest(method, path, http.NoBody)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	beside(api, files).ServeHTTP(w, r)
	return w
}

func TestWhatIsServed(t *testing.T) {
	const forever, revalidate = "public, max-age=31536000, immutable", "no-cache"
	for name, c := range map[string]struct {
		method, path, accept, encodings string
		status                          int
		body, encoding, cache, location string
	}{
		"the page":                       {path: "/console/", status: 200, body: "<html>", cache: revalidate},
		"the page, compressed":           {path: "/console/", encodings: "gzip, deflate, br, zstd", status: 200, body: "brotli of html", encoding: "br", cache: revalidate},
		"the page for an older client":   {path: "/console/", encodings: "gzip", status: 200, body: "gzip of html", encoding: "gzip", cache: revalidate},
		"the page, brotli refused":       {path: "/console/", encodings: "br;q=0, *", status: 200, body: "gzip of html", encoding: "gzip", cache: revalidate},
		"an address within the console":  {path: "/console/runs/a.b?x=1", status: 200, body: "<html>", cache: revalidate},
		"an asset":                       {path: "/console/assets/a-1234.js", status: 200, body: "code", cache: forever},
		"an asset, compressed":           {path: "/console/assets/a-1234.js", encodings: "br", status: 200, body: "brotli of code", encoding: "br", cache: forever},
		"an asset without that encoding": {path: "/console/assets/a-1234.js", encodings: "gzip", status: 200, body: "code", cache: forever},
		"an asset of another version":    {path: "/console/assets/a-0000.js", status: 404, body: "There is no such file", cache: "no-store"},
		"a compressed file by its name":  {path: "/console/assets/a-1234.js.br", status: 404, body: "There is no such file", cache: "no-store"},
		"a file without a hash":          {path: "/console/icon.svg", status: 200, body: "<svg>", cache: revalidate},
		"the placeholder is an address":  {path: "/console/.placeholder", status: 200, body: "<html>", cache: revalidate},
		"without the slash":              {path: "/console", status: 302, location: "/console/"},
		"the root in a browser":          {path: "/", accept: "text/html,*/*", status: 302, location: "/console/"},
		"the root for a program":         {path: "/", accept: "*/*", status: http.StatusTeapot},
		"the API":                        {path: "/tasks", accept: "text/html", status: http.StatusTeapot},
		"a name that begins the same":    {path: "/consoles", status: http.StatusTeapot},
		"a write":                        {method: "POST", path: "/console/", status: 405, body: "POST is not allowed"},
		"a write to the root":            {method: "POST", path: "/", accept: "text/html", status: http.StatusTeapot},
		"the head of the page":           {method: "HEAD", path: "/console/", status: 200, cache: revalidate},
	} {
		t.Run(name, func(t *testing.T) {
			method := c.method
			if method == "" {
				method = "GET"
			}
			w := call(t, aBuild(), method, c.path, "Accept", c.accept, "Accept-Encoding", c.encodings)
			if w.Code != c.status || !strings.HasPrefix(w.Body.String(), c.body) || method == "HEAD" && w.Body.Len() > 0 {
				t.Fatalf("%d %q", w.Code, w.Body)
			}
			for header, want := range map[string]string{"Content-Encoding": c.encoding, "Cache-Control": c.cache, "Location": c.location} {
				if got := w.Header().Get(header); got != want {
					t.Errorf("%s is %q, not %q", header, got, want)
				}
			}
		})
	}
}

func TestPageIsRevalidated(t *testing.T) {
	first := call(t, aBuild(), "GET", "/console/", "Accept-Encoding", "br")
	tag := first.Header().Get("ETag")
	if tag == "" || !strings.Contains(first.Header().Get("Vary"), "Accept-Encoding") {
		t.Fatalf("%v", first.Header())
	}
	if w := call(t, aBuild(), "GET", "/console/runs", "Accept-Encoding", "br", "If-None-Match", `"other", W/`+tag); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("the same page again: %d %q", w.Code, w.Body)
	}
	if w := call(t, aBuild(), "GET", "/console/", "If-None-Match", tag); w.Code != http.StatusOK {
		t.Errorf("the page in another encoding: %d", w.Code)
	}
	changed := aBuild()
	changed["index.html"] = &fstest.MapFile{Data: []byte("<html lang=en>")}
	if w := call(t, changed, "GET", "/console/", "Accept-Encoding", "br", "If-None-Match", tag); w.Code != http.StatusOK {
		t.Errorf("a new version: %d", w.Code)
	}
}

// A page of the console runs no script but its own, and no other site can use it.
func TestPageIsConfined(t *testing.T) {
	for _, path := range []string{"/console/", "/console/assets/a-1234.js", "/console/assets/none.js"} {
		header := call(t, aBuild(), "GET", path).Header()
		csp := header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: no %s in %q", path, want, csp)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") || strings.Contains(csp, "*") {
			t.Errorf("%s: %q", path, csp)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin"} {
			if got := header.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
	}
}

func TestConsoleThatWasNotBuilt(t *testing.T) {
	bare := fstest.MapFS{".placeholder": {Data: []byte("kept")}}
	for _, path := range []string{"/console/", "/console/runs"} {
		w := call(t, bare, "GET", path)
		if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "make console") || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %q %v", path, w.Code, w.Body, w.Header())
		}
	}
	if w := call(t, bare, "GET", "/tasks"); w.Code != http.StatusTeapot {
		t.Errorf("the API: %d", w.Code)
	}
}

// What is embedded is a whole console, or none.
func TestEmbedded(t *testing.T) {
	w := httptest.NewRecorder()
	Beside(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", "/console/", http.NoBody))
	files, err := embedded()
	if err != nil {
		t.Fatal(err)
	}
	page := files[index]
	if page == nil {
		if w.Code != http.StatusNotFound {
			t.Errorf("not built: %d", w.Code)
		}
		t.Skip("the console is not built: make console")
	}
	if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "<style") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for name, f := range files {
		if f.bodies[identity] == nil {
			t.Errorf("%s is only there in other encodings", name)
		}
	}
	for _, name := range strings.Split(string(page.bodies[identity]), `"`) {
		if asset, is := strings.CutPrefix(name, prefix); is && asset != "" && files[asset] == nil {
			t.Errorf("the page names %s, which is not there", name)
		}
	}
}
