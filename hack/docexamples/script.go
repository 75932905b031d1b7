// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package docexamples

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Script returns the shell script that runs the blocks of a page one after the other in one shell. It is empty if the
// page has no blocks to run.
func Script(page *Page) (string, error) {
	var script strings.Builder
	for i := range page.Blocks {
		block := &page.Blocks[i]
		if !block.IsShell() {
			continue
		}
		mark, err := block.Mark()
		if err != nil {
			return "", fmt.Errorf("%s: %w", page.Path, err)
		}
		where := fmt.Sprintf("%s, line %d", page.Path, block.Line)
		switch mark {
		case Run:
			fmt.Fprintf(&script, "echo '--- %s'\n%s", where, block.Code)
		case Refused:
			fmt.Fprintf(&script, "echo '--- %s'\nif (\n%s); then\n  echo 'nothing was refused' >&2\n  exit 1\nfi\n", where, block.Code)
		case NoRun:
		}
	}
	return script.String(), nil
}

// Output is the fence of a block that shows the output of the other blocks of its page.
const Output = "text output"

// varying lists the parts of an output that differ between runs, and their replacements in a comparison.
var varying = []struct {
	part  *regexp.Regexp
	stand string
}{
	{regexp.MustCompile(`\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z`), "TIME"},
	{regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`), "ID"},
	{regexp.MustCompile(`\bid: [A-Za-z0-9_-]{20,}`), "id: CURSOR"},
	{regexp.MustCompile(`"duration":[0-9]+`), `"duration":0`},
}

func withoutVarying(text string) []string {
	for _, v := range varying {
		text = v.part.ReplaceAllString(text, v.stand)
	}
	return strings.Split(strings.TrimSpace(text), "\n")
}

// Missing returns the first line that a page shows as output and that its blocks did not print in this order. It is
// empty if there is none.
func Missing(page *Page, printed string) string {
	lines := withoutVarying(printed)
	for i := range page.Blocks {
		if page.Blocks[i].Info != Output {
			continue
		}
		for _, want := range withoutVarying(page.Blocks[i].Code) {
			at := slices.Index(lines, want)
			if at < 0 {
				return want
			}
			lines = lines[at+1:]
		}
	}
	return ""
}
