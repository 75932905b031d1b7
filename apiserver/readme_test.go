package apiserver

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/taskexec/taskexec/apiserver/web"
)

// readmes are the two pages for users, which say the same in two languages.
var readmes = []string{"../README.md", "../README.zh-CN.md"}

func readme(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// router of all that is served.
func servedRoutes() chi.Router {
	router := chi.NewRouter()
	none := func(http.ResponseWriter, *http.Request) {}
	for _, r := range (&rooms{}).routes() {
		router.MethodFunc(r.method, r.pattern, none)
		router.MethodFunc(r.method, namespacePrefix+r.pattern, none)
	}
	for _, r := range (&server{metrics: web.NewMetrics()}).platform() {
		router.Get(r.path, none)
	}
	return router
}

var (
	sentCommand = regexp.MustCompile(`(?s)curl (-[^\n]*?)?'?http://127\.0\.0\.1:8080(/[^\s'?]*)`)
	method      = regexp.MustCompile(`-X ([A-Z]+)`)
	inCode      = regexp.MustCompile("`([^`\n]+)`")
	ofAPI       = regexp.MustCompile(`/(?:tasks|triggers|healthz|readyz|metrics|openapi\.json|docs)(?:/[A-Za-z{}_.-]+)*`)
	heading     = regexp.MustCompile(`(?m)^(#+) `)
	fence       = regexp.MustCompile("(?ms)^```.*?\n```$")
)

// Each request that a README shows is one that is served.
func TestCase42ReadmeExamplesAreServed(t *testing.T) {
	router := servedRoutes()
	for _, path := range readmes {
		found := sentCommand.FindAllStringSubmatch(readme(t, path), -1)
		if len(found) < 8 {
			t.Errorf("%s has only %d requests: has their form changed?", path, len(found))
		}
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

// endpoints are all paths of the API that a README names.
func endpoints(text string) (all []string) {
	for _, code := range inCode.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		all = append(all, ofAPI.FindAllString(code[1], -1)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Both name the same endpoints, all that there are, and have the same sections and examples.
func TestCase42ReadmesAgree(t *testing.T) {
	english, chinese := readme(t, readmes[0]), readme(t, readmes[1])
	if a, b := endpoints(english), endpoints(chinese); !slices.Equal(a, b) {
		t.Errorf("the endpoints are\n%q and\n%q", a, b)
	}
	for _, r := range (&rooms{}).routes() {
		last := r.pattern[strings.LastIndex(r.pattern, "/"):]
		for i, text := range []string{english, chinese} {
			if !strings.Contains(text, r.pattern) && !strings.Contains(text, "`..."+strings.TrimPrefix(r.pattern, "/tasks/{taskName}")+"`") {
				t.Errorf("%s does not name %s (%s)", readmes[i], r.pattern, last)
			}
		}
	}
	if a, b := heading.FindAllString(english, -1), heading.FindAllString(chinese, -1); !slices.Equal(a, b) {
		t.Errorf("%d sections and %d", len(a), len(b))
	}
	a, b := fence.FindAllString(english, -1), fence.FindAllString(chinese, -1)
	if len(a) != len(b) {
		t.Fatalf("%d examples and %d", len(a), len(b))
	}
	for i := 1; i < len(a); i++ { // the first is a picture
		if strings.Count(a[i], "\n") != strings.Count(b[i], "\n") {
			t.Errorf("these examples differ:\n%s\n%s", a[i], b[i])
		}
	}
}

// Every paragraph ends as a sentence does.
func TestCase42ReadmesHaveWholeSentences(t *testing.T) {
	for _, path := range append(readmes, "../docs/faults.md", "../CHANGELOG.md") {
		for paragraph := range strings.SplitSeq(fence.ReplaceAllString(readme(t, path), ""), "\n\n") {
			paragraph = strings.TrimSpace(paragraph)
			if paragraph == "" || strings.ContainsAny(paragraph[:1], "#|[") || strings.HasPrefix(paragraph, "- ") {
				continue
			}
			if last := []rune(strings.TrimRight(paragraph, "*`")); !strings.ContainsRune(".:!?)。：！？）", last[len(last)-1]) {
				t.Errorf("%s: a paragraph ends amid a sentence: %q", path, paragraph)
			}
		}
	}
}

// Where the answer of an execute is shown, it is said what a client must be for response.data to be there.
func TestCase42ScenarioOneSaysWhatItNeeds(t *testing.T) {
	for _, path := range readmes {
		text := readme(t, path)
		shown := strings.Index(text, "/tasks/user-space-sync/execute/manual")
		if before := text[max(0, shown-900):shown]; shown < 0 || !strings.Contains(before, "response.data.executionId") || !strings.Contains(before, "axios") || !strings.Contains(before, "(await response.json()).executionId") {
			t.Errorf("%s does not say it before the first execute", path)
		}
	}
}
