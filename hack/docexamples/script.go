package docexamples

import (
	"fmt"
	"strings"
)

// Script returns the shell script that runs the blocks of a page one after the other, in one shell. It is empty where the
// page has nothing to run.
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
