// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"bytes"
	"fmt"
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"strings"
)

// readCode returns what determines a build in a file: the tokens of a Go file or the lines of go.mod, without comments
// and white space, and every byte of other files.
func readCode(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	switch {
	case err != nil:
		return nil, err
	case filepath.Ext(path) == ".go":
		return goTokens(path, data)
	case filepath.Base(path) == "go.mod":
		return modLines(data), nil
	default:
		return data, nil
	}
}

// goTokens returns the tokens of a Go file, one a line. Directives such as //go:build count as tokens. In a file that
// uses cgo, all comments do, because one of them is C.
func goTokens(path string, data []byte) ([]byte, error) {
	files := token.NewFileSet()
	var s scanner.Scanner
	s.Init(files.AddFile(path, files.Base(), len(data)), data, nil, scanner.ScanComments)
	cgo := bytes.Contains(data, []byte(`"C"`))
	var code bytes.Buffer
	for {
		_, tok, text := s.Scan()
		switch {
		case tok == token.EOF && s.ErrorCount > 0:
			return nil, fmt.Errorf("%s is no Go source", path)
		case tok == token.EOF:
			return code.Bytes(), nil
		case tok == token.COMMENT && !cgo && !strings.HasPrefix(text, "//go:"):
		case tok == token.SEMICOLON: // a line break may be one
			code.WriteString(";\n")
		default:
			fmt.Fprintf(&code, "%s %s\n", tok, text)
		}
	}
}

// modLines returns the lines of a go.mod without comments and empty lines.
func modLines(data []byte) []byte {
	var code bytes.Buffer
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "//")
		if line = strings.TrimSpace(line); line != "" {
			code.WriteString(line + "\n")
		}
	}
	return code.Bytes()
}
