// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"crypto/sha256"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// built has dist/: the built console, or only a placeholder.
//
//go:embed all:dist
var built embed.FS

// index is the page that every address of the console shows.
const index = "index.html"

// assets is the folder of the files whose names have a hash of their content.
const assets = "assets/"

// file is one file of the console, with its encodings.
type file struct {
	contentType string
	// bodies has the content by encoding: identity, br and gzip. Only identity is always there.
	bodies map[string][]byte
	// tag identifies the content, without quotes.
	tag string
}

// suffixes are the endings of precompressed files, by encoding.
var suffixes = map[string]string{".br": "br", ".gz": "gzip"}

// contentTypes are those of the files that a build has. Other files are not served.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
	".txt":  "text/plain; charset=utf-8",
}

// read returns the files of a build by their path below /console/. It returns none if the console was not built.
func read(build fs.FS) (map[string]*file, error) {
	files := map[string]*file{}
	if _, err := fs.Stat(build, index); err != nil {
		return files, nil //nolint:nilerr // not built
	}
	err := fs.WalkDir(build, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		encoding := suffixes[path.Ext(name)]
		plain := name
		if encoding == "" {
			encoding = identity
		} else {
			plain = strings.TrimSuffix(name, path.Ext(name))
		}
		contentType, known := contentTypes[path.Ext(plain)]
		if !known {
			return nil
		}
		body, err := fs.ReadFile(build, name)
		if err != nil {
			return fmt.Errorf("reading %s of the console: %w", name, err)
		}
		f := files[plain]
		if f == nil {
			f = &file{contentType: contentType, bodies: map[string][]byte{}}
			files[plain] = f
		}
		f.bodies[encoding] = body
		if encoding == identity {
			sum := sha256.Sum256(body)
			f.tag = fmt.Sprintf("%x", sum[:16])
		}
		return nil
	})
	return files, err
}
