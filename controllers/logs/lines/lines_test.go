// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lines

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

const stamp = "2026-01-02T12:00:00.5Z "

// told renders each line as text: its time, its head, and how it ends.
func told(t *testing.T, r *Reader) (out []string, end error) {
	t.Helper()
	for range 1000 {
		line, err := r.Next()
		switch {
		case line.More:
			head, rest, whole, restErr := len(line.Head), 0, false, error(nil)
			for !whole && restErr == nil {
				var piece []byte
				piece, whole, restErr = r.Rest()
				rest += len(piece)
			}
			out = append(out, fmt.Sprintf("%v %d+%d whole=%v", !line.At.IsZero(), head, rest, whole))
			err = restErr
		case len(line.Head) > 0 || line.Whole:
			out = append(out, fmt.Sprintf("%v %s whole=%v", !line.At.IsZero(), line.Head, line.Whole))
		}
		if err != nil {
			return out, err
		}
	}
	t.Fatal("the log does not end")
	return nil, nil
}

func TestReader(t *testing.T) {
	exact := bufferSize - len(stamp) // a line of this length, with its newline, just fits
	for name, c := range map[string]struct {
		log  string
		want []string
	}{
		"nothing":              {"", nil},
		"lines":                {stamp + "a\n" + stamp + "b\n", []string{"true a whole=true", "true b whole=true"}},
		"an empty line":        {stamp + "\n", []string{"true  whole=true"}},
		"no newline at end":    {stamp + "a\n" + stamp + "b", []string{"true a whole=true", "true b whole=false"}},
		"no timestamp":         {"failed to open\n", []string{"false failed to open whole=true"}},
		"words like a stamp":   {"2026-01-02 a\n", []string{"false 2026-01-02 a whole=true"}},
		"a cut stamp":          {"2026-01-02T12:00", []string{"false 2026-01-02T12:00 whole=false"}},
		"carriage return":      {stamp + "a\r\n", []string{"true a\r whole=true"}},
		"what just fits":       {stamp + strings.Repeat("x", exact-1) + "\n" + stamp + "b\n", []string{"true " + strings.Repeat("x", exact-1) + " whole=true", "true b whole=true"}},
		"what just does not":   {stamp + strings.Repeat("x", exact) + "\n" + stamp + "b\n", []string{fmt.Sprintf("true %d+0 whole=true", exact), "true b whole=true"}},
		"a long line":          {stamp + strings.Repeat("x", 1<<20) + "\n" + stamp + "b\n", []string{fmt.Sprintf("true %d+%d whole=true", exact, 1<<20-exact), "true b whole=true"}},
		"a long line, cut":     {stamp + strings.Repeat("x", 1<<20), []string{fmt.Sprintf("true %d+%d whole=false", exact, 1<<20-exact)}},
		"NUL and invalid UTF8": {stamp + "\x00\xff\n", []string{"true \x00\xff whole=true"}},
	} {
		t.Run(name, func(t *testing.T) {
			for how, r := range map[string]io.Reader{"at once": strings.NewReader(c.log), "byte by byte": iotest.OneByteReader(strings.NewReader(c.log))} {
				got, err := told(t, NewReader(r))
				if !errors.Is(err, io.EOF) || fmt.Sprint(got) != fmt.Sprint(c.want) {
					t.Errorf("%s: got %.200q, %v; want %.200q", how, got, err, c.want)
				}
			}
		})
	}
}

func TestHeadIsAtLeastMaxHead(t *testing.T) {
	line, err := NewReader(strings.NewReader("2026-01-02T12:00:00.123456789+00:00 " + strings.Repeat("x", 1<<20))).Next()
	if err != nil || len(line.Head) < MaxHead || !line.More {
		t.Errorf("a head of %d bytes, %v", len(line.Head), err)
	}
}

func TestNextPassesOverTheRest(t *testing.T) {
	r := NewReader(strings.NewReader(stamp + strings.Repeat("x", 1<<20) + "\n" + stamp + "b\n"))
	if line, err := r.Next(); err != nil || !line.More {
		t.Fatal(line.More, err)
	}
	if line, err := r.Next(); err != nil || string(line.Head) != "b" {
		t.Errorf("got %.20q, %v", line.Head, err)
	}
}

func TestNothingIsLeftOfAReleasedReader(t *testing.T) {
	for _, before := range []string{stamp + "a\n" + stamp + "not read", stamp + strings.Repeat("x", 1<<20)} {
		r := NewReader(strings.NewReader(before))
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		r.Release()
		r = NewReader(strings.NewReader(stamp + "b\n"))
		if line, err := r.Next(); err != nil || string(line.Head) != "b" {
			t.Errorf("after %.40q: got %.20q, %v", before, line.Head, err)
		}
		if line, err := r.Next(); !errors.Is(err, io.EOF) || len(line.Head) > 0 {
			t.Errorf("after %.40q: got %.20q, %v, want the end", before, line.Head, err)
		}
		r.Release()
	}
}

func TestErrorsAreTold(t *testing.T) {
	broken := errors.New("broken")
	for name, log := range map[string]string{"within a line": stamp + "a", "within a long line": stamp + strings.Repeat("x", 1<<20), "between lines": stamp + "a\n"} {
		r := NewReader(io.MultiReader(strings.NewReader(log), iotest.ErrReader(broken)))
		if _, err := told(t, r); !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIsCutStamp(t *testing.T) {
	stamp := string(AppendStamp(nil, time.Date(2026, 1, 2, 12, 0, 0, 123456789, time.UTC)))
	for text, want := range map[string]bool{
		"": false, "2": true, stamp[:16]: true, stamp[:len(stamp)-1]: true, "2026-01-02T12:00:00+07:00": true,
		"unable to retrieve container logs for containerd://1": false, "2026 was a good year": false,
	} {
		if got := IsCutStamp([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestAppendStampIsReadAgain(t *testing.T) {
	for _, nanoseconds := range []int{0, 1, 500_000_000, 999_999_999} {
		at := time.Date(2026, 1, 2, 12, 0, 0, nanoseconds, time.FixedZone("", 3600))
		line, _ := NewReader(bytes.NewReader(append(AppendStamp(nil, at), "x y\n"...))).Next()
		if !line.At.Equal(at) || string(line.Head) != "x y" {
			t.Errorf("%s: got %s %q", at, line.At, line.Head)
		}
	}
}

// Whatever the input, no byte is lost and none is added.
func FuzzReader(f *testing.F) {
	f.Add([]byte(stamp+"a\n\n"+stamp+"b"), 3)
	f.Add([]byte("2026-01-02T12:00:00Z \n"), 100)
	f.Fuzz(func(t *testing.T, log []byte, repeat int) {
		log = bytes.Repeat(log, 1+max(0, repeat)%2000)
		r := NewReader(bytes.NewReader(log))
		lines := 0
		for {
			line, err := r.Next()
			for whole := !line.More; !whole && err == nil; {
				_, whole, err = r.Rest()
				line.Whole = whole
			}
			if line.Whole {
				lines++
			}
			if err != nil {
				break
			}
		}
		if want := bytes.Count(log, []byte("\n")); lines != want {
			t.Errorf("%d lines of %d", lines, want)
		}
	})
}
