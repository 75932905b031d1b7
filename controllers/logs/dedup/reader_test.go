// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package dedup

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taskexec/taskexec/controllers/logs/lines"
)

// logOf returns lines as a kubelet serves them, from the window's second on.
func logOf(c *Window, log []printed) io.Reader {
	var b []byte
	for _, l := range log {
		if !l.at.Before(c.Since()) {
			b = append(append(lines.AppendStamp(b, l.at), l.text...), '\n')
		}
	}
	return strings.NewReader(string(b))
}

// connect reads a log over one connection, and over another one when the Reader asks for it.
func connect(t *testing.T, c *Window, log ...printed) string {
	t.Helper()
	var fresh []string
	for range 3 {
		r := NewReader(logOf(c, log), c, nil)
		for {
			line, err := r.Next()
			if line.New {
				fresh = append(fresh, string(line.Head))
			}
			if errors.Is(err, io.EOF) {
				return strings.Join(fresh, " ")
			}
			if errors.Is(err, ErrAgain) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Fatal("the log is asked for again and again")
	return ""
}

// A file that begins with the rest of a line has no new line at its beginning, however often it is read.
func TestFileThatBeginsWithinALine(t *testing.T) {
	ms := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Millisecond) }
	a, broken, b, c, d := printed{ms(1), "a"}, printed{ms(2), "bro-ken"}, printed{ms(4), "b"}, printed{ms(5), "c"}, printed{ms(6), "d"}
	rest := printed{ms(3), "ken"}
	for name, x := range map[string]struct {
		before []printed
		after  [][]printed
		want   string
	}{
		"and goes on with what was read":      {[]printed{a, broken, b, c}, [][]printed{{rest, b, c, d}, {rest, b, c, d}}, "d"},
		"and nothing is new":                  {[]printed{a, broken, b, c}, [][]printed{{rest, b, c}, {rest, b, c}}, ""},
		"is doubted only at its beginning":    {[]printed{a, b, d}, [][]printed{{a, b, c, d}}, "c"},
		"an early stamp, rotated":             {[]printed{a, d}, [][]printed{{c}}, "c"},
		"an early stamp, and the next, too":   {[]printed{a, d}, [][]printed{{b, c}, {b, c}}, "b c"},
		"the file is the same":                {[]printed{a, b}, [][]printed{{a, b, c}}, "c"},
		"a later file":                        {[]printed{a, b}, [][]printed{{c, d}}, "c d"},
		"the rest of the last line is a line": {[]printed{a, broken}, [][]printed{{rest}}, "ken"},
	} {
		t.Run(name, func(t *testing.T) {
			window := &Window{}
			read(window, x.before...)
			var got []string
			for _, log := range x.after {
				if fresh := connect(t, window, log...); fresh != "" {
					got = append(got, fresh)
				}
			}
			if strings.Join(got, " ") != x.want {
				t.Errorf("new is %q, want %q", got, x.want)
			}
		})
	}
}

// If a kubelet serves a file again within one response, there are no new lines until it is where it was. If the clock
// was set back, there are.
func TestFileThatIsGivenOnceMore(t *testing.T) {
	ms := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Millisecond) }
	var file []printed
	for i := range 40 {
		file = append(file, printed{ms(5000 + 100*i), fmt.Sprint(i)})
	}
	old := printed{ms(0), "old"}
	next := printed{ms(9000), "next"}
	for name, x := range map[string]struct {
		response, file []printed
		want           int
		skipped        bool
	}{
		"a file once more":                     {slices.Concat([]printed{old}, file, file, []printed{next}), file, 42, true},
		"a file that begins within a line":     {slices.Concat([]printed{old}, file, []printed{{ms(4999), "rest"}}, file), slices.Concat([]printed{{ms(4999), "rest"}}, file), 41, true},
		"a clock that was set back":            {slices.Concat([]printed{old}, file, []printed{{ms(1000), "early"}, {ms(1100), "x"}}), slices.Concat(file, []printed{{ms(1000), "early"}, {ms(1100), "x"}}), 43, false},
		"a little early, as stdout and stderr": {[]printed{{ms(200), "a"}, {ms(150), "b"}, {ms(210), "c"}}, nil, 3, false},
	} {
		t.Run(name, func(t *testing.T) {
			c, looked := &Window{}, 0
			r := NewReader(logOf(c, x.response), c, func(time.Time) (io.ReadCloser, error) {
				looked++
				return io.NopCloser(logOf(&Window{}, x.file)), nil
			})
			fresh, skipped := 0, false
			for {
				line, err := r.Next()
				if line.New {
					fresh++
				}
				skipped = skipped || line.FileSkipped
				if err != nil {
					break
				}
			}
			if fresh != x.want || skipped != x.skipped || looked > 1 {
				t.Errorf("%d new lines, want %d; skipped %v; looked %d times", fresh, x.want, skipped, looked)
			}
		})
	}
}

// A response that breaks off after the first line does not settle whether that line is new.
func TestDoubtOutlastsABrokenResponse(t *testing.T) {
	ms := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Millisecond) }
	c, broken := &Window{}, errors.New("connection reset by peer")
	read(c, printed{ms(1), "a"}, printed{ms(2), "bro-ken"}, printed{ms(4), "b"})
	first := printed{ms(3), "ken"}
	for range 3 {
		r := NewReader(io.MultiReader(logOf(c, []printed{first}), failing{broken}), c, nil)
		if line, err := r.Next(); !errors.Is(err, broken) || line.New {
			t.Errorf("got %+v, %v", line, err)
		}
	}
	if got := connect(t, c, first, printed{ms(4), "b"}, printed{ms(5), "c"}); got != "c" {
		t.Errorf("new is %q", got)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
