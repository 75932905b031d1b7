package replay

import "context"

// How far back Tail looks for lines that count: so many times this factor more lines each time.
const (
	tailFactor = 8
	tailSteps  = 4
)

// Tail sets Position so that n of the lines that count come after it, or all of them when there are fewer; where
// they are too rare, those that it came across in about n·8³ lines. counts may be nil: all lines do. Positions are
// held and not lines.
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
		// The place before the first line that was visited is not known, unless it is the log's beginning.
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
