// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package phrases_test

import (
	"slices"
	"testing"

	"github.com/taskexec/taskexec/controllers/phrases"
	"github.com/taskexec/taskexec/controllers/phrases/phrasestest"
)

var catalog = &phrases.Catalog{}

var (
	waits   = catalog.Add("%q waits for %s%s", "%[1]q 正在等待%[3]s%[2]s")
	onNode  = catalog.Add(" on node %q", "节点 %q 上的")
	nothing = catalog.Add("nothing", "无")
	comma   = catalog.Add(", ", "、")
)

func TestText(t *testing.T) {
	for name, c := range map[string]struct {
		text             phrases.Text
		english, chinese string
	}{
		"nothing":           {phrases.Text{}, "", ""},
		"verbatim":          {phrases.Verbatim("100%s"), "100%s", "100%s"},
		"a phrase":          {nothing.With(), "nothing", "无"},
		"in another order":  {waits.With("a", "b", "c"), `"a" waits for bc`, `"a" 正在等待cb`},
		"with a clause":     {waits.With("a", nothing.With(), onNode.With("n")), `"a" waits for nothing on node "n"`, `"a" 正在等待节点 "n" 上的无`},
		"with no clause":    {waits.With("a", phrases.Verbatim("%d"), phrases.Text{}), `"a" waits for %d`, `"a" 正在等待%d`},
		"a list":            {phrases.Join(comma, nothing.With(), phrases.Text{}, phrases.Verbatim("b"), phrases.Verbatim("c")), "nothing, b, c", "无、b、c"},
		"an empty list":     {phrases.Join(comma, phrases.Text{}), "", ""},
		"a quotation":       {phrases.Clause(" It is so.\n"), "It is so", "It is so"},
		"an empty one":      {phrases.Clause(" . "), "", ""},
		"of a full stop":    {phrases.Clause("好。"), "好", "好"},
		"a verb in a quote": {waits.With("a", phrases.Verbatim("%!s(MISSING)"), ""), `"a" waits for %!s(MISSING)`, `"a" 正在等待%!s(MISSING)`},
	} {
		t.Run(name, func(t *testing.T) {
			if c.text.In(phrases.English) != c.english || c.text.In(phrases.Chinese) != c.chinese || c.text.String() != c.english {
				t.Errorf("got %q and %q", c.text.In(phrases.English), c.text.In(phrases.Chinese))
			}
			if c.text.IsZero() != (c.english == "") {
				t.Errorf("says nothing: %t", c.text.IsZero())
			}
		})
	}
}

func TestAccepted(t *testing.T) {
	for header, want := range map[string]phrases.Language{
		"": phrases.English, "zh-CN,zh;q=0.9,en;q=0.8": phrases.Chinese, "zh": phrases.Chinese, "zh-Hans-CN": phrases.Chinese, "zh-TW": phrases.Chinese, "ZH-hk": phrases.Chinese,
		"en-US,en;q=0.5": phrases.English, "en,zh;q=0.9": phrases.English, "de": phrases.English, "de,zh;q=0.5": phrases.Chinese, "de,en;q=0.5": phrases.English,
		"*": phrases.English, "zh;q=0": phrases.English, "zh;q=0,en": phrases.English, "fr;q=0.9, zh;q=0.1": phrases.Chinese,
		"not a header": phrases.English, "zh;q=x": phrases.English, "\x00": phrases.English,
	} {
		if got := phrases.Accepted(header); got != want {
			t.Errorf("%q: got %s", header, got.Tag())
		}
	}
}

func FuzzAccepted(f *testing.F) {
	for _, seed := range []string{"zh-CN,zh;q=0.9", "*;q=0.5", "en-GB-oed", "zh-", ";;;", "x-y-z"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if got := phrases.Accepted(header); !slices.Contains(phrases.Languages(), got) {
			t.Fatalf("%q: %d", header, got)
		}
	})
}

func TestCatalogIsChecked(t *testing.T) {
	if problems := phrasestest.Problems(catalog); len(problems) > 0 {
		t.Errorf("a whole catalog: %v", problems)
	}
	for name, pair := range map[string][2]string{
		"missing":          {"it waits", ""},
		"missing, English": {"", "正在等待"},
		"one more":         {"it waits for %s", "正在等待 %s %s"},
		"one less":         {"%s waits for %s", "%s 正在等待"},
		"another verb":     {"it waits for %s", "正在等待 %d"},
		"not translated":   {"it waits", "it waits"},
		"the wrong index":  {"%s waits for %q", "%[2]s 等待 %[1]q"},
	} {
		broken := &phrases.Catalog{}
		broken.Add(pair[0], pair[1])
		if len(phrasestest.Problems(broken)) != 1 {
			t.Errorf("%s: it is accepted", name)
		}
	}
	if got := phrasestest.Arguments("%[2]s 100%% %d %[1]q%s %05.2f"); !slices.Equal(got, []string{"1 q", "2 s", "3 d", "3 f"}) {
		t.Errorf("got %q", got)
	}
}
