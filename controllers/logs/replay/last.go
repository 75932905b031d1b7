// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package replay

import "context"

// These say how far back Tail searches for lines that count: in tailSteps steps, each tailFactor times as far as the
// one before.
const (
	tailFactor = 8
	tailSteps  = 4
)

// Tail sets Position so that n lines that count come after it, or all of them if there are fewer. If they are rare, it
// searches only about the last n·8³ lines. counts reports whether a line counts. Nil means that all do. Tail keeps
// positions in memory, not lines.
func (l *Log) Tail(ctx context.Context, n int, counts func(Line) bool) error {
	defer func() { l.last = 0 }()
	l.last = int64(n) + 1
	for step := 1; ; step++ {
		l.Position = Position{}
		before, first := make([]Position, 0, min(n, 1024)), Position{}
		seen := 0
		var previous Position
		_, err := l.Read(ctx, func(line Line) error {
			ok := counts == nil || counts(line)
			if first == (Position{}) {
				first = line.Position
			}
			if ok {
				if len(before) < n {
					before = append(before, previous)
				} else {
					before[seen%n] = previous
				}
				seen++
			}
			previous = line.Position
			return nil
		})
		if err != nil {
			return err
		}
		whole := l.last > l.archived
		switch {
		// The position before the first visited line is only known at the log's beginning.
		case seen > n || (seen == n && before[0] != (Position{})):
			l.Position = before[seen%n]
			return nil
		case whole:
			l.Position = Position{}
			return nil
		case step == tailSteps:
			l.Position = first
			return nil
		}
		l.last *= tailFactor
	}
}
