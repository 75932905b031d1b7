// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/taskexec/taskexec/apiserver/web"
)

// page is a document that exists in two languages.
type page struct{ english, chinese string }

// pages returns the documents for users and operators.
func pages(t *testing.T) []page {
	t.Helper()
	all := []page{{"../README.md", "../README.zh-CN.md"}}
	for _, folder := range []string{"using", "operating"} {
		found, err := filepath.Glob("../docs/" + folder + "/*.md")
		if err != nil || len(found) < 6 {
			t.Fatalf("docs/%s has the pages %q, %v", folder, found, err)
		}
		for _, path := range found {
			all = append(all, page{path, strings.Replace(path, "../docs/", "../docs/zh/", 1)})
		}
	}
	return all
}

func readPage(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// servedRoutes returns a router of all routes.
func servedRoutes() chi.Router {
	router := chi.NewRouter()
	none := func(http.ResponseWriter, *http.Request) {}
	for _, r := range (&rooms{}).routes() {
		router.MethodFunc(r.method, r.pattern, none)
		router.MethodFunc(r.method, namespacePrefix+r.pattern, none)
	}
	for _, r := range (&server{metrics: web.NewMetrics()}).platform() {
		router.MethodFunc(r.method, r.path, none)
	}
	return router
}

var (
	sentCommand = regexp.MustCompile(`(?s)curl (-[^\n]*?)?['"]?http://127\.0\.0\.1:8080(/[^\s'"?]*)`)
	method      = regexp.MustCompile(`-X ([A-Z]+)`)
	inCode      = regexp.MustCompile("`([^`\n]+)`")
	ofAPI       = regexp.MustCompile(`/(?:tasks|triggers|session|healthz|readyz|metrics|openapi\.json|docs)(?:/[A-Za-z{}_.-]+)*`)
	heading     = regexp.MustCompile(`(?m)^(#+) `)
	fence       = regexp.MustCompile("(?ms)^```.*?\n```$")
)

// Each request that a document shows is served.
func TestCase42ReadmeExamplesAreServed(t *testing.T) {
	router, total := servedRoutes(), 0
	for _, p := range pages(t) {
		for _, path := range []string{p.english, p.chinese} {
			found := sentCommand.FindAllStringSubmatch(readPage(t, path), -1)
			total += len(found)
			for _, c := range found {
				verb := http.MethodGet
				if m := method.FindStringSubmatch(c[1]); m != nil {
					verb = m[1]
				}
				if router.Find(chi.NewRouteContext(), verb, c[2]) == "" {
					t.Errorf("%s: nothing is served at %s %s", path, verb, c[2])
				}
			}
		}
	}
	if total < 50 {
		t.Errorf("the documents have only %d requests: has their form changed?", total)
	}
}

// endpoints returns the API paths that a document names.
func endpoints(text string) (all []string) {
	for _, code := range inCode.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		all = append(all, ofAPI.FindAllString(code[1], -1)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Both languages of a document name the same endpoints and have the same sections and examples.
func TestCase42ReadmesAgree(t *testing.T) {
	for _, p := range pages(t) {
		english, chinese := readPage(t, p.english), readPage(t, p.chinese)
		if a, b := endpoints(english), endpoints(chinese); !slices.Equal(a, b) {
			t.Errorf("%s: the endpoints are\n%q and\n%q", p.english, a, b)
		}
		if a, b := heading.FindAllString(fence.ReplaceAllString(english, ""), -1), heading.FindAllString(fence.ReplaceAllString(chinese, ""), -1); !slices.Equal(a, b) {
			t.Errorf("%s: the sections are %q and %q", p.english, a, b)
		}
		a, b := fence.FindAllString(english, -1), fence.FindAllString(chinese, -1)
		if len(a) != len(b) {
			t.Errorf("%s: %d examples and %d", p.english, len(a), len(b))
			continue
		}
		for i := range a {
			if withoutComments(a[i]) != withoutComments(b[i]) {
				t.Errorf("%s: these examples differ:\n%s\n%s", p.english, a[i], b[i])
			}
		}
	}
}

// withoutComments removes what may differ between the languages from an example: comments and descriptions.
func withoutComments(example string) string { return inOneLanguage.ReplaceAllString(example, "") }

var inOneLanguage = regexp.MustCompile(`(?m)(\s+# .*| description: .*)$`)

// The REST page of each language names every route.
func TestCase42ReadmesNameEveryRoute(t *testing.T) {
	for _, path := range []string{"../docs/using/rest.md", "../docs/zh/using/rest.md"} {
		named := endpoints(readPage(t, path))
		for _, r := range (&rooms{}).routes() {
			if !slices.Contains(named, r.pattern) {
				t.Errorf("%s does not name %s", path, r.pattern)
			}
		}
	}
}

// Every paragraph ends with a sentence's end.
func TestCase42ReadmesHaveWholeSentences(t *testing.T) {
	paths := []string{"../docs/faults.md", "../CHANGELOG.md"}
	for _, p := range pages(t) {
		paths = append(paths, p.english, p.chinese)
	}
	for _, path := range paths {
		for paragraph := range strings.SplitSeq(fence.ReplaceAllString(readPage(t, path), ""), "\n\n") {
			paragraph = strings.TrimSpace(paragraph)
			if paragraph == "" || strings.ContainsAny(paragraph[:1], "#|[!") || strings.HasPrefix(paragraph, "- ") {
				continue
			}
			if last := []rune(strings.TrimRight(paragraph, "*`")); !strings.ContainsRune(".:!?)。：！？）", last[len(last)-1]) {
				t.Errorf("%s: a paragraph ends amid a sentence: %q", path, paragraph)
			}
		}
	}
}

// The page that shows the answer of an execute request says what a client must be so that response.data exists.
func TestCase42ScenarioOneSaysWhatItNeeds(t *testing.T) {
	for _, path := range []string{"../docs/using/runs.md", "../docs/zh/using/runs.md"} {
		text := readPage(t, path)
		_, after, shown := strings.Cut(text, "/tasks/user-space-sync/execute/manual")
		section, _, _ := strings.Cut(after, "\n## ")
		for _, want := range []string{"response.data.executionId", "axios", "(await response.json()).executionId"} {
			if !shown || !strings.Contains(section, want) {
				t.Errorf("%s does not say %q beside the first execute", path, want)
			}
		}
	}
}
