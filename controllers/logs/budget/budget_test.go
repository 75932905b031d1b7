// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package budget

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"
)

const mib = 1 << 20

// script runs a script with a budget of 1 MiB a second: "a1=300" takes 300 KiB for namespace a under the name a1,
// "a+300" charges 300 KiB to namespace a, "-a1" gives up a1, "5s" lets time pass. It returns when each take was
// granted.
func script(words string) string {
	b := New(mib, clock.RealClock{})
	begin, waits := time.Now(), map[string]*Wait{}
	var mu sync.Mutex
	var got []string
	for word := range strings.FieldsSeq(words) {
		name, size, takes := strings.Cut(word, "=")
		namespace, more, charges := strings.Cut(word, "+")
		var kib int64
		_, _ = fmt.Sscan(size+more, &kib)
		d, err := time.ParseDuration(word)
		granted := func() {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, fmt.Sprintf("%s@%s", name, time.Since(begin).Round(time.Millisecond)))
		}
		switch {
		case takes:
			if waits[name] = b.Take(name[:1], kib<<10, granted); waits[name] == nil {
				granted()
			}
		case charges:
			b.Charge(namespace, kib<<10)
		case word[0] == '-':
			waits[word[1:]].Stop()
		case err == nil:
			<-time.After(d)
		}
		synctest.Wait()
	}
	<-time.After(time.Hour)
	synctest.Wait()
	b.advance()
	if len(b.accounts) > 0 || b.timer != nil {
		got = append(got, fmt.Sprintf("something is left: %v", b.accounts))
	}
	return strings.Join(got, " ")
}

func TestCase51BudgetIsSharedBetweenNamespaces(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"what was saved pays first":            {"a1=1024 a2=512", "a1@0s a2@0s"},
		"then each waits for the one before":   {"a1=1024 a2=512 a3=512 a4=1", "a1@0s a2@0s a3@500ms a4@1s"},
		"another namespace waits for nobody":   {"a1=1024 a2=1024 a3=1024 b1=10", "a1@0s a2@0s b1@0s a3@1.01s"},
		"however many are before it":           {"a1=2048 a2=900 a3=900 a4=900 a5=900 100ms b1=10", "a1@0s b1@100ms a2@1.01s a3@1.889s a4@2.768s a5@3.646s"},
		"two that want more have equal parts":  {"a1=1024 a2=256 b1=256 a3=256 b2=256 a4=1 b3=1", "a1@0s a2@0s b1@0s a3@500ms b2@500ms a4@1s b3@1s"},
		"in bytes and not in writes":           {"a1=1024 a2=512 b1=128 a3=1 b2=128 b3=128 b4=128 b5=1", "a1@0s a2@0s b1@0s b2@250ms b3@500ms b4@750ms a3@1s b5@1s"},
		"what one does not use another has":    {"a1=1024 a2=512 b1=128 a3=512 a4=1", "a1@0s a2@0s b1@0s a3@625ms a4@1.125s"},
		"who gives up takes nothing":           {"a1=1024 a2=512 a3=512 a4=1 -a3", "a1@0s a2@0s a4@500ms"},
		"all give up":                          {"a1=1024 a2=512 a3=512 -a3 10s a4=1024 a5=1", "a1@0s a2@0s a4@10s a5@10s"},
		"a charge delays its namespace":        {"a1=1024 a+512 a2=1", "a1@0s a2@500ms"},
		"and no other":                         {"a1=1024 a+5120 b1=512 a2=1", "a1@0s b1@0s a2@5.5s"},
		"a charge is forgotten after a while":  {"a1=1024 a+999999 a2=1", "a1@0s a2@10s"},
		"and makes those wait who wait by now": {"a1=1024 a2=512 a3=1 a+512", "a1@0s a2@0s a3@1s"},
		"a second is saved and no more":        {"a1=1024 1h a2=1536 a3=1", "a1@0s a2@1h0m0s a3@1h0m0.5s"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if got := script(c.script); got != c.want {
					t.Errorf("%s: got %s, want %s", c.script, got, c.want)
				}
			})
		})
	}
}

func TestSplit(t *testing.T) {
	for name, c := range map[string]struct {
		debts       []float64
		income      float64
		level, left float64
	}{
		"nobody":          {nil, 9, 0, 9},
		"one":             {[]float64{5}, 3, 3, 0},
		"one, and more":   {[]float64{5}, 8, 5, 3},
		"equal parts":     {[]float64{50, 60, 70}, 9, 3, 0},
		"a small one":     {[]float64{100, 1, 100}, 9, 4, 0},
		"all but one":     {[]float64{100, 1, 2}, 9, 6, 0},
		"all":             {[]float64{3, 1, 2}, 6, 3, 0},
		"all, and more":   {[]float64{3, 1, 2}, 10, 3, 4},
		"one without any": {[]float64{0, 4}, 2, 2, 0},
		"nothing":         {[]float64{3, 1}, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if level, left := split(c.debts, c.income); level != c.level || left != c.left {
				t.Errorf("got %v and %v left, want %v and %v", level, left, c.level, c.left)
			}
		})
	}
}

// due and split agree, and all income is used.
func TestDueAndSplitAgree(t *testing.T) {
	random := rand.New(rand.NewPCG(51, 1))
	for range 1000 {
		debts := make([]float64, 1+random.IntN(9))
		for i := range debts {
			debts[i] = float64(random.IntN(1000))
		}
		income := due(debts[0], debts)
		if level, _ := split(debts, income); math.Abs(level-debts[0]) > 1e-6 {
			t.Fatalf("%v: after %v the level is %v, want %v", debts, income, level, debts[0])
		}
		income = random.Float64() * 5000
		level, spent := split(debts, income)
		for _, d := range debts {
			spent += min(d, level)
		}
		if math.Abs(spent-income) > 1e-6 {
			t.Fatalf("%v: of %v, %v went somewhere", debts, income, spent)
		}
	}
}

// Many namespaces want as much as they can get. All get the same, and together no more than the budget.
func TestCase51EachNamespaceHasItsPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const namespaces, during, most = 20, 100 * time.Second, 256 << 10
		b := New(mib, clock.RealClock{})
		end := time.Now().Add(during)
		var mu sync.Mutex
		taken := map[string]int64{}
		var wg sync.WaitGroup
		for i := range 10 * namespaces {
			namespace := fmt.Sprint(i % namespaces)
			random := rand.New(rand.NewPCG(uint64(i), 51))
			wg.Go(func() {
				for time.Now().Before(end) {
					size, got := random.Int64N(most/(1+int64(i%4))), make(chan struct{})
					if b.Take(namespace, size, func() { close(got) }) != nil {
						<-got
					}
					mu.Lock()
					taken[namespace] += size
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		var total, least, greatest int64 = 0, math.MaxInt64, 0
		for _, n := range taken {
			total, least, greatest = total+n, min(least, n), max(greatest, n)
		}
		// Savings come on top of the rate, and each namespace may be ahead by its waiting takes and one more.
		if bound := int64(during.Seconds()+1)*mib + 11*namespaces*most; total > bound || total < int64(during.Seconds())*mib {
			t.Errorf("%d bytes were taken in %s", total, during)
		}
		if greatest-least > 11*most {
			t.Errorf("a namespace took from %d to %d bytes", least, greatest)
		}
	})
}
