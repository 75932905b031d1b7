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

// Scripts here print numbered lines, "0000007 xxx", so that a missing, repeated or displaced one shows.

// ticking lets a script wait with `tick SECONDS`, for parts of a second and without making a process.
const ticking = `mkfifo /tick && exec 3<>/tick && tick() { read -t "$1" -u 3 _tick; }
`

// numberDigits of each line.
const numberDigits = 7

// burst prints numbered lines as fast as can be, from one number up to before another, each of some bytes with
// its newline. Both numbers may be shell arithmetic.
func burst(from, to string, lineBytes int) string {
	return fmt.Sprintf(`awk -v from="$((%s))" -v to="$((%s))" 'BEGIN { for (i = from; i < to; i++) printf "%%07d %s\n", i }'
`, from, to, padding(lineBytes))
}

// steadily prints numbered lines evenly over a time.
func steadily(lines int, over time.Duration, lineBytes int) string {
	pause := over.Seconds() / float64(lines)
	return ticking + fmt.Sprintf(`i=0
while [ $i -lt %d ]; do printf '%%07d %s\n' $i; i=$((i+1)); tick %.4f; done
`, lines, padding(lineBytes), pause)
}

// untilTold prints numbered lines evenly until SIGTERM, goes on for a second after it, and ends with a line
// that says how many there were.
const untilTold = untilToldAndMore + `exit 143
`

// untilToldAndSeen is a while longer there, for those who look at a pod that is going.
const untilToldAndSeen = untilToldAndMore + `sleep 5
exit 143
`

const untilToldAndMore = ticking + `i=0 left=-1
trap 'left=50' TERM
while [ $left -ne 0 ]; do printf '%07d x\n' $i; i=$((i+1)) left=$((left-1)); tick 0.02; done
echo "last $i"
`

// padding makes a numbered line of some bytes, its newline included.
func padding(lineBytes int) string { return strings.Repeat("x", lineBytes-numberDigits-len(" \n")) }

// tally of a log.
type tally struct {
	// numbers of the numbered lines, as they came.
	numbers []int
	// others are all other lines, as they came.
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

// numberOf a whole numbered line.
func numberOf(line string) (int, bool) {
	head, rest, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	if !ok || len(head) != numberDigits || rest == "" || strings.Trim(rest, "x") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(head)
	return n, err == nil
}

// disorder tells where a number does not come after the one before it, and of what kind that is: lines that are
// repeated or displaced are wrong even in a log that is not whole.
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

// missing tells which of a count of lines are not there; "" when all are.
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
