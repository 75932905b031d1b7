// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The scripts in this file print numbered lines, such as "0000007 xxx", so that tests find missing, repeated and
// misplaced lines.

// ticking defines the shell function `tick SECONDS`. It waits for fractions of a second without starting a process.
const ticking = `mkfifo /tick && exec 3<>/tick && tick() { read -t "$1" -u 3 _tick; }
`

// numberDigits is the number of digits at the start of each line.
const numberDigits = 7

// burst prints the numbered lines from (inclusive) to (exclusive) as fast as possible. lineBytes includes the
// newline. Both numbers may be shell arithmetic.
func burst(from, to string, lineBytes int) string {
	return fmt.Sprintf(`awk -v from="$((%s))" -v to="$((%s))" 'BEGIN { for (i = from; i < to; i++) printf "%%07d %s\n", i }'
`, from, to, padding(lineBytes))
}

// steadily prints numbered lines at a steady rate.
func steadily(lines int, over time.Duration, lineBytes int) string {
	pause := over.Seconds() / float64(lines)
	return ticking + fmt.Sprintf(`i=0
while [ $i -lt %d ]; do printf '%%07d %s\n' $i; i=$((i+1)); tick %.4f; done
`, lines, padding(lineBytes), pause)
}

// untilTold prints numbered lines at a steady rate until one second after SIGTERM. Its last line has the number of
// lines.
const untilTold = untilToldAndMore + `exit 143
`

// untilToldAndSeen waits 5 seconds more before it exits, for tests that look at a terminating pod.
const untilToldAndSeen = untilToldAndMore + `sleep 5
exit 143
`

const untilToldAndMore = ticking + `i=0 left=-1
trap 'left=50' TERM
while [ $left -ne 0 ]; do printf '%07d x\n' $i; i=$((i+1)) left=$((left-1)); tick 0.02; done
echo "last $i"
`

// padding returns the text after the number in a line of lineBytes. lineBytes includes the newline.
func padding(lineBytes int) string { return strings.Repeat("x", lineBytes-numberDigits-len(" \n")) }

// tally has the lines of a log.
type tally struct {
	// numbers has the numbers of the numbered lines in the order of the log.
	numbers []int
	// others has all other lines in the order of the log.
	others []string
}

func tallyOf(log []byte) (t tally) {
	for line := range bytes.Lines(log) {
		if n, ok := numberOf(string(line)); ok {
			t.numbers = append(t.numbers, n)
		} else {
			t.others = append(t.others, strings.TrimSuffix(string(line), "\n"))
		}
	}
	return t
}

// numberOf returns the number of a line. It reports false if the line is not a complete numbered line.
func numberOf(line string) (int, bool) {
	head, rest, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	if !ok || len(head) != numberDigits || rest == "" || strings.Trim(rest, "x") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(head)
	return n, err == nil
}

// disorder describes the first line that is repeated or out of order, or returns "". Such a line is an error even in
// an incomplete log.
func (t tally) disorder() string {
	for i := 1; i < len(t.numbers); i++ {
		switch before, n := t.numbers[i-1], t.numbers[i]; {
		case n == before:
			return fmt.Sprintf("line %d is repeated", n)
		case n < before:
			return fmt.Sprintf("line %d comes after line %d", n, before)
		}
	}
	return ""
}

// missing describes which of the first count lines are missing, or returns "".
func (t tally) missing(count int) string {
	var gaps []string
	total, next := 0, 0
	for _, n := range append(t.numbers[:len(t.numbers):len(t.numbers)], count) {
		if n > next {
			gaps = append(gaps, fmt.Sprintf("%d to %d", next, n-1))
			total += n - next
		}
		next = n + 1
	}
	if total == 0 {
		return ""
	}
	const shown = 5
	if len(gaps) > shown {
		gaps = append(gaps[:shown], fmt.Sprintf("and %d gaps more", len(gaps)-shown))
	}
	return fmt.Sprintf("%d of %d lines: %s", total, count, strings.Join(gaps, ", "))
}
