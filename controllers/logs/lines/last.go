// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lines

import (
	"bytes"
	"regexp"
)

// Last keeps what to show of a line of any length in bounded memory: its beginning. If the line was overwritten after a
// carriage return, like a progress bar, it keeps the beginning of the last state.
type Last struct {
	// Text is at most MaxHead bytes.
	Text []byte
	// Cut is how many bytes of the line follow Text.
	Cut int64
	// returned means that nothing visible came after the last carriage return.
	returned bool
}

// Add adds the next piece of the line. It copies what it keeps.
func (l *Last) Add(piece []byte) {
	for end := len(piece); ; {
		begin := bytes.LastIndexByte(piece[:end], '\r')
		state := piece[begin+1 : end]
		switch seen := !invisible.Match(state); {
		case seen && (begin >= 0 || l.returned):
			l.Text, l.Cut = l.Text[:0], 0
			l.keep(piece[begin+1:])
			l.returned = end < len(piece)
			return
		case seen || begin < 0: // the piece continues the state before it
			l.keep(piece)
			l.returned = l.returned && !seen || end < len(piece)
			return
		}
		end = begin // this state was cleared, or is about to be written
	}
}

// invisible matches a state that shows nothing: blanks, and escape sequences that clear a line or set a colour.
var invisible = regexp.MustCompile(`^(?:[ \t\n]|\x1b\[[0-9;?]*[A-Za-z])*$`)

func (l *Last) keep(piece []byte) {
	kept := min(len(piece), MaxHead-len(l.Text))
	l.Text = append(l.Text, piece[:kept]...)
	l.Cut += int64(len(piece) - kept)
}
