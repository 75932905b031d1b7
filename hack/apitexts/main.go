// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Command apitexts writes the texts of the REST API's schemas. They are the doc comments of the Go types that the API
// sends and reads, and of their fields.
//
// It reads the structs that have a field with a JSON name, and those that only embed others. The keys consist of the
// import path, the type and the field.
//
// Usage, at the root of the module: apitexts -out FILE [-skip FOLDER] FOLDER... A FOLDER that ends in /... stands for
// itself and all folders below it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"runtime/debug"
	"slices"
	"strings"
)

// headerFile has the license header of generated files.
const headerFile = "hack/boilerplate/boilerplate.go.txt"

func main() {
	out := flag.String("out", "", "Go file to write, of the package openapi")
	skip := flag.String("skip", "", "folder to leave out, with all below it")
	flag.Parse()
	if err := run(os.DirFS("."), *out, *skip, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "apitexts:", err)
		os.Exit(1)
	}
}

func run(module fs.FS, out, skip string, patterns []string) error {
	build, ok := debug.ReadBuildInfo()
	if !ok || out == "" || len(patterns) == 0 {
		return errors.New("want -out FILE and the folders to read")
	}
	folders, err := foldersOf(module, patterns, skip)
	if err != nil {
		return err
	}
	found := texts{}
	for _, folder := range folders {
		if err := found.read(module, folder, path.Join(build.Main.Path, folder)); err != nil {
			return err
		}
	}
	if len(found) == 0 {
		return fmt.Errorf("no type in %s is sent as JSON", strings.Join(patterns, ", "))
	}
	header, err := fs.ReadFile(module, headerFile)
	if err != nil {
		return err
	}
	source, err := found.source(header)
	if err != nil {
		return err
	}
	return os.WriteFile(out, source, 0o600)
}

// foldersOf returns the folders that the patterns stand for, sorted.
func foldersOf(module fs.FS, patterns []string, skip string) ([]string, error) {
	folders := map[string]bool{}
	for _, pattern := range patterns {
		root, below := strings.CutSuffix(pattern, "/...")
		root = path.Clean(root)
		if !below {
			folders[root] = true
			continue
		}
		err := fs.WalkDir(module, root, func(name string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case !entry.IsDir():
				return nil
			case name == skip:
				return fs.SkipDir
			}
			folders[name] = true
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return slices.Sorted(maps.Keys(folders)), nil
}
