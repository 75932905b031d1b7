// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"errors"
	"io"

	"github.com/taskexec/taskexec/controllers/logs/lines"
)

// Restore passes the last lines that an earlier controller archived to the Machine, before Begin. Reading goes on where
// they end, which may be within a long line. An error is that of archived.
func (m *Machine) Restore(archived io.Reader) error {
	reader := lines.NewReader(archived)
	defer reader.Release()
	for {
		line, err := reader.Next()
		// The log may end with an unfinished line that the earlier controller has read.
		last := errors.Is(err, io.EOF) && len(line.Head) > 0
		if (line.Whole || line.More || last) && !line.At.IsZero() {
			err = m.restoreLine(reader, line, err)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// restoreLine reads a line to its end. err came with the line.
func (m *Machine) restoreLine(reader *lines.Reader, line lines.Line, err error) error {
	hash := m.window.Hash(line.Head)
	m.window.Accept(line.At, hash)
	m.resume.restored()
	m.head.judged = true
	if !line.More {
		return err
	}
	m.long = newLong(line.At, line.Head, hash, m.window.NewHash())
	for err == nil {
		piece, whole, pieceErr := reader.Rest()
		m.long.add(piece)
		if whole {
			m.long = nil
			return pieceErr
		}
		err = pieceErr
	}
	return err
}
