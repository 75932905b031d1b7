// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"fmt"
	"os"
	"sync"

	"github.com/taskexec/taskexec/controllers/logs/share"
)

// fileBytes is the disk space of a file in addition to its text: a block and an entry in the folder. Without it, many
// short logs could fill the volume.
const fileBytes = 4 << 10

// spooled counts the bytes in the spool, in total and by namespace. The limit of a namespace depends on the free space
// (see share), so a namespace cannot use the space of the others.
type spooled struct {
	limit int64

	mu    sync.Mutex
	total int64
	of    map[string]int64
}

func newSpooled(limit int64) *spooled { return &spooled{limit: limit, of: map[string]int64{}} }

// room reports whether a namespace may use that many more bytes.
func (s *spooled) room(namespace string, bytes int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total+bytes <= s.limit && share.May(s.of[namespace], s.limit-s.total)
}

// add counts added bytes or, if negative, removed ones.
func (s *spooled) add(namespace string, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total += bytes
	if s.of[namespace] += bytes; s.of[namespace] == 0 {
		delete(s.of, namespace)
	}
}

// sum returns the total number of bytes.
func (s *spooled) sum() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}

// newFile creates a file in the spool for the log.
func (l *Log) newFile() (*os.File, error) {
	file, err := os.Create(fmt.Sprintf("%s/%d.part", l.w.SpoolDir, l.w.files.Add(1)))
	if err == nil {
		l.w.spooled.add(l.index.Namespace, fileBytes)
	}
	return file, err
}

// removeFile removes a file of newFile.
func (l *Log) removeFile(name string) {
	_ = os.Remove(name) // a remaining file is removed at the next start
	l.w.spooled.add(l.index.Namespace, -fileBytes)
}
