// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package docexamples

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/taskexec/taskexec/controllers/bucket"
	_ "github.com/taskexec/taskexec/controllers/bucket/cloud" // the clients for the URLs in the documents
	"github.com/taskexec/taskexec/hack/manifests"
)

const root = "../.."

func documents(t *testing.T) []Page {
	t.Helper()
	pages, err := Pages(root)
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

func TestEachShellExampleIsMarked(t *testing.T) {
	run := 0
	for _, page := range documents(t) {
		for i := range page.Blocks {
			block := &page.Blocks[i]
			if block.Info == "" {
				t.Errorf("%s, line %d: the block says no language", page.Path, block.Line)
			}
			if !block.IsShell() {
				continue
			}
			mark, err := block.Mark()
			switch {
			case block.Language() != "sh":
				t.Errorf("%s, line %d: the language is %s, want sh", page.Path, block.Line, block.Language())
			case err != nil:
				t.Errorf("%s: %v", page.Path, err)
			case mark != NoRun:
				run++
			}
		}
	}
	if run < 20 {
		t.Errorf("only %d blocks are run", run)
	}
}

// A page whose blocks are run is valid shell.
func TestScriptsAreShell(t *testing.T) {
	for _, page := range documents(t) {
		script, err := Script(&page)
		if err != nil {
			t.Error(err)
			continue
		}
		check := exec.CommandContext(t.Context(), "bash", "-n")
		check.Stdin = strings.NewReader(script)
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", page.Path, err, out)
		}
	}
}

func TestBlocks(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []Block
		says string
	}{
		"none":               {"text with `code`\n", nil, ""},
		"one":                {"a\n```sh run\nls\n```\n", []Block{{Line: 2, Info: "sh run", Code: "ls\n"}}, ""},
		"no language":        {"```\nx\n```\n", []Block{{Line: 1, Code: "x\n"}}, ""},
		"a fence in a fence": {"````md\n```sh\n```\n````\n", []Block{{Line: 1, Info: "md", Code: "```sh\n```\n"}}, ""},
		"not closed":         {"```sh run\nls\n", nil, "line 1 is not closed"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Blocks(c.text)
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got the error %v, want %q", err, c.says)
			}
			if len(got) != len(c.want) {
				t.Fatalf("got %+v, want %+v", got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("got %+v, want %+v", got[i], c.want[i])
				}
			}
		})
	}
}

func TestScript(t *testing.T) {
	page := Page{Path: "x.md", Blocks: []Block{
		{Line: 1, Info: "sh run", Code: "a=1\n"},
		{Line: 5, Info: "json", Code: "{}\n"},
		{Line: 9, Info: "sh refused", Code: "false | cat\n"},
		{Line: 13, Info: "sh norun", Code: "exit 7\n"},
		{Line: 17, Info: "sh run", Code: "test $a = 1\n"},
	}}
	for name, c := range map[string]struct {
		page  Page
		works bool
	}{
		"as marked":             {page, true},
		"what was not refused":  {Page{Blocks: []Block{{Info: "sh refused", Code: "true\n"}}}, false},
		"what does not succeed": {Page{Blocks: []Block{{Info: "sh run", Code: "false | cat\n"}}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			script, err := Script(&c.page)
			if err != nil {
				t.Fatal(err)
			}
			run := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
			if out, err := run.CombinedOutput(); (err == nil) != c.works {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	if _, err := Script(&Page{Path: "x.md", Blocks: []Block{{Line: 3, Info: "sh"}}}); err == nil || !strings.Contains(err.Error(), "x.md: line 3") {
		t.Errorf("a block without a mark: %v", err)
	}
}

func TestMissing(t *testing.T) {
	page := Page{Blocks: []Block{
		{Info: "text", Code: "anything\n"},
		{Info: Output, Code: "at 2026-11-24T00:03:43Z, f656473d-f35e-48f5-9814-595088bd21f3\n\nid: AchnvH4Fl46imMuosA0B5rmwsY618OoxAdzAgg.end\n"},
		{Info: Output, Code: `{"duration":2000}` + "\n"},
	}}
	const printed = "before\nat 2026-11-30T15:04:07.837269Z, 21436513-f24c-4669-b3ae-3bacbd2e5d2d\n\nid: AbegR9qoe67exMHssA0B0vnQw4W67ewxm_LpHw.end\n{\"duration\":3000}\n"
	if got := Missing(&page, printed); got != "" {
		t.Errorf("%q is said to be missing", got)
	}
	for _, less := range []string{"", strings.Replace(printed, "at ", "on ", 1), strings.Replace(printed, "duration", "took", 1)} {
		if Missing(&page, less) == "" {
			t.Errorf("nothing is said to be missing from %q", less)
		}
	}
}

// repository is the name of this repository in the kustomizations of the documents.
const repository = "github.com/taskexec/taskexec/"

// Each kustomization of the documents builds, and its --archive-url can be opened.
func TestKustomizationsOfTheDocuments(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
		"STORAGE_EMULATOR_HOST": "127.0.0.1:1", // there are no Google credentials
	} {
		t.Setenv(name, value)
	}
	schemes := map[string]bool{}
	for _, page := range documents(t) {
		if strings.HasPrefix(page.Path, "docs/zh/") {
			continue // another test checks that these pages have the same blocks
		}
		for i := range page.Blocks {
			if page.Blocks[i].Info != "yaml kustomization" {
				continue
			}
			for _, o := range built(t, page.Blocks[i].Code) {
				for _, address := range archiveURLs(t, o) {
					scheme, _, _ := strings.Cut(address, "://")
					schemes[scheme] = true
					if scheme == "file" {
						continue // a folder in the container
					}
					bucket, err := bucket.Open(t.Context(), address)
					if err != nil {
						t.Errorf("%s, line %d: %v", page.Path, page.Blocks[i].Line, err)
						continue
					}
					_ = bucket.Close() // nothing was written
				}
			}
		}
	}
	if len(schemes) < 4 {
		t.Errorf("the documents show archives of the kinds %v only", schemes)
	}
}

// built builds a kustomization and returns its objects. It uses this checkout as the base.
func built(t *testing.T, kustomization string) []*unstructured.Unstructured {
	t.Helper()
	folder := t.TempDir()
	absolute, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	back, err := filepath.Rel(folder, absolute)
	if err != nil {
		t.Fatal(err)
	}
	kustomization = strings.ReplaceAll(strings.ReplaceAll(kustomization, "?ref=v0.1.0", ""), repository, filepath.ToSlash(back)+"/")
	if err := os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(kustomization), 0o600); err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(filepath.Join(absolute, "config"), folder)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := manifests.Build(t.Context(), relative)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// archiveURLs returns the values of --archive-url in a Deployment. In these kustomizations, a Deployment has one if
// its page is about archives.
func archiveURLs(t *testing.T, o *unstructured.Unstructured) (all []string) {
	t.Helper()
	if o.GetKind() != "Deployment" {
		return nil
	}
	containers, _, err := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
	if err != nil || len(containers) == 0 {
		t.Fatalf("the containers of %s: %v", o.GetName(), err)
	}
	args, _, err := unstructured.NestedStringSlice(containers[0].(map[string]any), "args")
	if err != nil {
		t.Fatal(err)
	}
	for _, arg := range args {
		if address, is := strings.CutPrefix(arg, "--archive-url="); is {
			all = append(all, address)
		}
	}
	return all
}

var (
	link    = regexp.MustCompile(`!?\[[^\]]*\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *$`)
	// mark matches what GitHub removes from the anchor of a heading.
	mark    = regexp.MustCompile(`[^\p{L}\p{N}\p{M}\s_-]`)
	fenced  = regexp.MustCompile("(?ms)^ {0,3}```.*?\n {0,3}```$")
	inlined = regexp.MustCompile("`[^`\n]*`")
)

// anchors returns the anchors of a document as GitHub and the documentation site create them.
func anchors(text string) map[string]bool {
	all := map[string]bool{}
	for _, match := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		all[strings.ReplaceAll(mark.ReplaceAllString(strings.ToLower(match[1]), ""), " ", "-")] = true
	}
	return all
}

// Each link from a document to a file of the repository leads to an existing file and section.
func TestLinksOfTheDocuments(t *testing.T) {
	total := 0
	for _, page := range documents(t) {
		if strings.HasPrefix(page.Path, "docs/reference/") {
			continue // generated: the generator is responsible for its links
		}
		raw, err := os.ReadFile(filepath.Join(root, page.Path))
		if err != nil {
			t.Fatal(err)
		}
		text := inlined.ReplaceAllString(fenced.ReplaceAllString(string(raw), ""), "")
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			total++
			path, anchor, _ := strings.Cut(match[1], "#")
			target := filepath.Join(root, filepath.Dir(page.Path), path)
			if path == "" {
				target = filepath.Join(root, page.Path)
			}
			content, err := os.ReadFile(target)
			if info, statErr := os.Stat(target); statErr != nil || anchor != "" && info.IsDir() {
				t.Errorf("%s: the link %s leads nowhere", page.Path, match[1])
				continue
			}
			if anchor != "" && (err != nil || !anchors(string(content))[anchor]) {
				t.Errorf("%s: there is no section %s", page.Path, match[1])
			}
		}
	}
	if total < 200 {
		t.Errorf("the documents have only %d links: has their form changed?", total)
	}
}

var record = regexp.MustCompile(`^# ([0-9]+)\. (.+)\n\n\*\*Status:\*\* ((?:Accepted|Superseded)[^\n]*) · (20[0-9]{2}-[0-9]{2}-[0-9]{2})\n`)

// Each decision record has a status and a date, and a row in the index.
func TestDecisionsAreInTheIndex(t *testing.T) {
	const folder = root + "/docs/decisions"
	raw, err := os.ReadFile(folder + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	index := string(raw)
	files, err := filepath.Glob(folder + "/[0-9][0-9][0-9][0-9]-*.md")
	if err != nil || len(files) < 42 {
		t.Fatalf("%d records, %v", len(files), err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		match := record.FindStringSubmatch(string(raw))
		if len(match) != 5 || match[1] != strings.TrimLeft(name[:4], "0") {
			t.Errorf("%s does not begin with its number, its title, its status and its date", name)
			continue
		}
		if row := fmt.Sprintf("| %s | [%s](%s) | %s | %s |\n", match[1], match[2], name, match[3], match[4]); !strings.Contains(index, row) {
			t.Errorf("the index lacks the row %s", row)
		}
	}
	if rows := strings.Count(index, "\n| ") - 1; rows != len(files) {
		t.Errorf("the index has %d rows for %d records", rows, len(files))
	}
}
