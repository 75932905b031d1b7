// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package docexamples reads the examples in the documents, so that tests can run them.
//
// The fence of each block of shell commands says what a test does with it: "sh run", "sh refused" or "sh norun".
package docexamples

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Mark says what a test does with a block of shell commands.
type Mark string

// The marks.
const (
	// Run means that the block runs, and that each command and each HTTP answer in it succeeds.
	Run Mark = "run"
	// Refused means that the block runs, and that a request in it is refused.
	Refused Mark = "refused"
	// NoRun means that no test runs the block.
	NoRun Mark = "norun"
)

// Block is a fenced block of a document.
type Block struct {
	// Line is the line of the fence in the document, counted from 1.
	Line int
	// Info is the text of the fence: the language and the words after it.
	Info string
	Code string
}

// Language returns the first word of the fence.
func (b *Block) Language() string {
	language, _, _ := strings.Cut(b.Info, " ")
	return language
}

// Mark returns the mark of a block of shell commands, or an error if it has none.
func (b *Block) Mark() (Mark, error) {
	switch _, word, _ := strings.Cut(b.Info, " "); Mark(word) {
	case Run, Refused, NoRun:
		return Mark(word), nil
	default:
		return "", fmt.Errorf("line %d: the fence says %q, want one of: sh run, sh refused, sh norun", b.Line, b.Info)
	}
}

// shells are the languages of blocks with shell commands.
var shells = map[string]bool{"sh": true, "bash": true, "shell": true, "console": true, "zsh": true}

// IsShell reports whether a block has shell commands.
func (b *Block) IsShell() bool { return shells[b.Language()] }

var fence = regexp.MustCompile("^ {0,3}(```+) *([^`]*)$")

// Blocks returns the fenced blocks of a document. A fence that is not closed is an error.
func Blocks(text string) ([]Block, error) {
	var all []Block
	var open *Block
	var ticks string
	for i, line := range strings.Split(text, "\n") {
		match := fence.FindStringSubmatch(strings.TrimRight(line, " \r"))
		switch {
		case open == nil && match != nil:
			open, ticks = &Block{Line: i + 1, Info: strings.TrimSpace(match[2])}, match[1]
		case open != nil && match != nil && match[2] == "" && len(match[1]) >= len(ticks):
			all = append(all, *open)
			open = nil
		case open != nil:
			open.Code += line + "\n"
		}
	}
	if open != nil {
		return nil, fmt.Errorf("the fence in line %d is not closed", open.Line)
	}
	return all, nil
}

// Page is a document with its blocks.
type Page struct {
	// Path is the path from the root of the repository, with slashes.
	Path   string
	Blocks []Block
}

// Pages reads README.md, its Chinese translation and all documents below docs.
func Pages(root string) ([]Page, error) {
	paths := []string{"README.md", "README.zh-CN.md"}
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "node_modules":
			return fs.SkipDir
		case filepath.Ext(path) != ".md":
			return nil
		}
		relative, err := filepath.Rel(root, path)
		paths = append(paths, filepath.ToSlash(relative))
		return err
	})
	if err != nil {
		return nil, err
	}
	pages := make([]Page, 0, len(paths))
	for _, path := range paths {
		raw, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			return nil, err
		}
		blocks, err := Blocks(string(raw))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		pages = append(pages, Page{Path: path, Blocks: blocks})
	}
	return pages, nil
}
